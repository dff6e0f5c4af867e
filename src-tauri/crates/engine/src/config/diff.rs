//! What differs between two configurations. Pure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kinfra_rpc::{Forwarding, HostHeader, McpDetection, UpstreamProtocol};
use serde_json::Value as Json;

use super::settings::Signal;
use super::spec::{ProjectSpec, PublicSpec, ServiceSpec, ServiceType};
use crate::schema::{PortSetting, Printable, Run, Word};

/// One service that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Added(String),
    Removed(String),
    Changed { service: String, settings: Vec<SettingDifference> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDifference {
    pub key: String,
    /// None where it isn't there, or is more than a line can say.
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Difference {
    #[must_use]
    pub fn service(&self) -> &str {
        match self {
            Self::Added(service) | Self::Removed(service) | Self::Changed { service, .. } => service,
        }
    }
}

/// In the order of `after`, the removed ones last.
#[must_use]
pub fn diff(before: &[&ServiceSpec], after: &ProjectSpec) -> Vec<Difference> {
    let known = |name: &str| before.iter().find(|service| service.name == name);
    let mut differences = Vec::new();
    for service in &after.services {
        match known(&service.name) {
            None => differences.push(Difference::Added(service.name.clone())),
            Some(before) if **before == **service => {}
            Some(before) => {
                let settings = settings(before, service, &after.folder);
                differences.push(Difference::Changed { service: service.name.clone(), settings });
            }
        }
    }
    let is_gone = |service: &&&ServiceSpec| after.services.iter().all(|other| other.name != service.name);
    let gone = before.iter().filter(is_gone).map(|service| Difference::Removed(service.name.clone()));
    differences.extend(gone);
    differences
}

fn settings(before: &ServiceSpec, after: &ServiceSpec, folder: &Path) -> Vec<SettingDifference> {
    let (old, new) = (flat(before, folder), flat(after, folder));
    let keys: Vec<&String> = {
        let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    let mut differences: Vec<SettingDifference> = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| {
            let shown = |side: &BTreeMap<String, Shown>| match side.get(key) {
                Some(Shown::As(value)) => Some(value.clone()),
                Some(Shown::Not(_)) | None => None,
            };
            SettingDifference { key: key.clone(), before: shown(&old), after: shown(&new) }
        })
        .collect();
    // Too much for a line: that they differ is all that is said.
    let whole = [
        ("health", before.health != after.health),
        ("restart", before.restart != after.restart),
        ("watch", before.watch != after.watch),
        ("mcp.detect", detection(before) != detection(after)),
    ];
    for (key, _) in whole.into_iter().filter(|(_, differs)| *differs) {
        differences.push(SettingDifference { key: key.to_owned(), before: None, after: None });
    }
    differences
}

fn detection(service: &ServiceSpec) -> Option<&McpDetection> {
    service.mcp.as_ref().map(|mcp| &mcp.detect)
}

#[derive(PartialEq)]
enum Shown {
    As(String),
    /// What is said nowhere, by its hash.
    Not(u64),
}

/// Whatever can be said in a line, by key.
fn flat(service: &ServiceSpec, folder: &Path) -> BTreeMap<String, Shown> {
    let mut flat = BTreeMap::new();
    let layers = [("project ", &service.project_environment), ("", &service.environment)];
    for (whose, environment) in layers {
        for (name, hash) in &*environment.contents {
            flat.insert(format!("{name} in the {whose}env_file"), Shown::Not(*hash));
        }
    }
    let mut set = |key: &str, value: String| drop(flat.insert(key.to_owned(), Shown::As(value)));
    if !service.has_adapter() {
        set("run", command(&service.run));
    }
    set("dir", shown(&service.dir, folder));
    if let Some(resource) = &service.resource {
        set("type", resource.kind.to_owned());
        for (key, written) in resource.written.iter().chain(&resource.outputs) {
            set(key, written.clone());
        }
    } else if service.kind != ServiceType::Service {
        set("type", service.kind.word().to_owned());
    }
    if let Some(mcp) = &service.mcp {
        set("mcp.transport", mcp.transport.word().to_owned());
        set("mcp.path", mcp.path.clone());
        for (key, url) in [("production", &mcp.production), ("development", &mcp.development)] {
            if let Some(url) = url {
                set(&format!("mcp.{key}"), url.clone());
            }
        }
    }
    for (whose, environment) in layers {
        for (name, value) in &environment.variables {
            set(&format!("{whose}env.{name}"), value.clone());
        }
        if !environment.files.is_empty() {
            set(
                &format!("{whose}env_file"),
                joined(environment.files.iter().map(|file| shown(file, folder))),
            );
        }
    }
    for (variable, secret) in &service.secret_files {
        set(&format!("secret_files.{variable}"), secret.clone());
    }
    for port in &service.ports {
        set(
            &format!("ports.{}", port.name),
            line(&PortSetting { protocol: port.protocol, choice: port.choice.clone() }),
        );
    }
    if !service.depends_on.is_empty() {
        let shown = service
            .depends_on
            .iter()
            .map(|dependency| format!("{} {}", dependency.service, dependency.condition.word()));
        set("depends_on", joined(shown));
    }
    if !service.profiles.is_empty() {
        set("profiles", joined(service.profiles.iter().cloned()));
    }
    if let Some(route) = &service.route {
        set("route", if route.strip { format!("{}, stripped", route.path) } else { route.path.clone() });
    }
    if !service.domains.is_empty() {
        set("domains", joined(service.domains.iter().cloned()));
    }
    if !service.public.is_empty() {
        set("public", joined(service.public.iter().map(PublicSpec::shown)));
    }
    let Forwarding { hold_ms, protocol, host } = service.forwarding;
    if hold_ms > 0 {
        set("proxy.hold", line(&Duration::from_millis(hold_ms)));
    }
    if protocol != UpstreamProtocol::default() {
        set("proxy.protocol", protocol.word().to_owned());
    }
    if host != HostHeader::default() {
        set("proxy.host", host.word().to_owned());
    }
    if service.manual {
        set("manual", "true".to_owned());
    }
    if let Some(bytes) = service.log_bytes {
        set("logs.keep", format!("{bytes} bytes"));
    }
    set("stop", format!("{}, {} s", line(&Signal(service.stop.signal)), service.stop.grace.as_secs_f32()));
    flat
}

fn command(run: &Run) -> String {
    let word =
        |word: &String| if word.contains(char::is_whitespace) { format!("{word:?}") } else { word.clone() };
    match run {
        Run::Shell(text) => text.trim().to_owned(),
        Run::Program(words) => words.iter().map(word).collect::<Vec<_>>().join(" "),
    }
}

fn line(setting: &impl Printable) -> String {
    match setting.printed() {
        Json::String(word) => word,
        other => other.to_string(),
    }
}

/// As the file has it: relative to its folder.
fn shown(path: &Path, folder: &Path) -> String {
    match path.strip_prefix(folder) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => inside.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    fn spec(text: &str) -> ProjectSpec {
        parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap()
    }

    #[test]
    fn every_difference_is_named_and_what_is_the_same_is_not() {
        let before = spec(
            "
services:
  same: {run: x}
  old: {run: x}
  api:
    run: [api, '--fast now']
    env: {LOG: debug, KEPT: a, GONE: b}
    port: 3000
    depends_on: [same]
",
        );
        let after = spec(
            "
services:
  new: {run: x}
  same: {run: x}
  api:
    run: api --slow
    dir: src
    env: {LOG: info, KEPT: a}
    ports: {http: auto, dns: 53/udp}
    depends_on: {same: started}
    route: {path: /api, strip: true}
    domains: [api.test, shop.test]
    proxy: {hold: 10s, protocol: http2, host: rewrite}
    health: {http: /health}
    stop: {signal: SIGINT}
",
        );
        let before: Vec<&ServiceSpec> = before.services.iter().map(|service| &**service).collect();
        let differences = diff(&before, &after);
        let shown: Vec<String> = differences
            .iter()
            .flat_map(|difference| match difference {
                Difference::Added(service) => vec![format!("+ {service}")],
                Difference::Removed(service) => vec![format!("- {service}")],
                Difference::Changed { service, settings } => settings
                    .iter()
                    .map(|setting| {
                        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "–".to_owned());
                        let (before, after) = (side(&setting.before), side(&setting.after));
                        format!("~ {service} {}: {before} → {after}", setting.key)
                    })
                    .collect(),
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        + new
        ~ api depends_on: same healthy → same started
        ~ api dir: . → src
        ~ api domains: – → api.test, shop.test
        ~ api env.GONE: b → –
        ~ api env.LOG: debug → info
        ~ api ports.dns: – → 53/udp
        ~ api ports.http: 3000 → auto
        ~ api proxy.hold: – → 10s
        ~ api proxy.host: – → rewrite
        ~ api proxy.protocol: – → http2
        ~ api route: – → /api, stripped
        ~ api run: api "--fast now" → api --slow
        ~ api stop: SIGTERM, 10 s → SIGINT, 10 s
        ~ api health: – → –
        - old
        "#);
        let same: Vec<&ServiceSpec> = after.services.iter().map(|service| &**service).collect();
        assert_eq!(diff(&same, &after), []);
    }
}
