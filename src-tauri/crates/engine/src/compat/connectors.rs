//! The cloudflareds of the library that run: which they are, by pid and by when they were started, and what their files
//! say. Pure.

use std::path::Path;

use kinfra_rpc::{ConnectorStep, FormerQuickTunnel, FormerTunnel};
use serde_json::{Map, Value};

use super::draft::{Draft, DraftService};
use super::drafts::{DraftTunnel, Drafts};
use super::known::Known;
use super::read::rules;
use super::running::{BEFORE, Connector, Running};
use crate::config::slug;
use crate::store::StoredConnector;

/// One that serves names of the library's.
struct Serving<'r> {
    connector: &'r Connector,
    /// It is the one that the library had started.
    is_former: bool,
}

/// The library noted its pid, or that of the program that had started it, at a time when that ran.
fn of_tunnel<'r>(tunnel: &DraftTunnel, running: &'r Running) -> Vec<Serving<'r>> {
    let names = |command: &str, text: &str| format!(" {command} ").contains(&format!(" {text} "));
    let is_its = |command: &str| {
        let of_config = |config: &Path| names(command, &config.to_string_lossy());
        names(command, &tunnel.tunnel) || tunnel.config.as_deref().is_some_and(of_config)
    };
    let is_former = |connector: &Connector| {
        let is_noted = |(pid, seen_at): &(u32, f64)| {
            connector.line.iter().any(|process| process.pid == *pid && process.at <= seen_at + BEFORE)
        };
        tunnel.noted.iter().any(is_noted)
    };
    let its = running.connectors.iter().filter(|connector| is_its(&connector.command));
    let mut its: Vec<_> =
        its.map(|connector| Serving { connector, is_former: is_former(connector) }).collect();
    its.sort_by_key(|serving| !serving.is_former);
    its
}

/// Those of a tunnel that the library had started.
pub(super) fn started_for<'r>(
    tunnel: &DraftTunnel,
    running: &'r Running,
) -> impl Iterator<Item = &'r Connector> {
    let its = of_tunnel(tunnel, running).into_iter().filter(|serving| serving.is_former);
    its.map(|serving| serving.connector)
}

/// The library noted no pid of these: it is the one that leads to the port, and was there when its name was seen to
/// answer.
fn of_quick<'r>(service: &DraftService, running: &'r Running) -> Option<(String, Serving<'r>)> {
    let (quick, port) = (service.quick.as_ref()?, service.port?);
    let leads_here = |connector: &&Connector| {
        let words: Vec<&str> = connector.command.split(' ').collect();
        ["localhost", "127.0.0.1"].iter().any(|host| {
            let url = format!("http://{host}:{port}");
            let joined = format!("--url={url}");
            words.windows(2).any(|pair| pair[0] == "--url" && pair[1] == url)
                || words.contains(&joined.as_str())
        })
    };
    let connector = running.connectors.iter().find(leads_here)?;
    let began = connector.line.first()?.at;
    let is_former = quick.seen_at.is_some_and(|seen_at| began <= seen_at + BEFORE);
    Some((quick.host.clone(), Serving { connector, is_former }))
}

fn step(serving: &[Serving<'_>], known: &Known) -> Option<ConnectorStep> {
    let former: Vec<&Serving<'_>> = serving.iter().filter(|serving| serving.is_former).collect();
    match former.as_slice() {
        [] if serving.is_empty() => None,
        [] => Some(ConnectorStep::Stranger),
        all if all.iter().all(|serving| is_known(serving.connector, known)) => Some(ConnectorStep::Known),
        _ => Some(ConnectorStep::Know),
    }
}

fn is_known(connector: &Connector, known: &Known) -> bool {
    let identity = connector.identity;
    known
        .connectors
        .iter()
        .any(|stored| stored.pid == identity.pid && stored.start_time == identity.start_time)
}

pub(super) fn planned(tunnel: &DraftTunnel, known: &Known, running: &Running) -> FormerTunnel {
    let serving = of_tunnel(tunnel, running);
    let DraftTunnel { tunnel, hosts, .. } = tunnel;
    let mut command = format!("kinfra tunnels adopt {tunnel}");
    hosts.iter().for_each(|host| {
        command.push(' ');
        command.push_str(host);
    });
    // It was configured by a file.
    command.push_str(" --migrate");
    let mut pids = serving.iter().map(|serving| serving.connector.identity.pid);
    FormerTunnel {
        tunnel: tunnel.clone(),
        hosts: hosts.clone(),
        command,
        pid: pids.next(),
        other_pids: pids.collect(),
        connector: step(&serving, known),
    }
}

pub(super) fn planned_quick(draft: &Draft, known: &Known, running: &Running) -> Vec<FormerQuickTunnel> {
    let of = |service: &DraftService| {
        let (host, serving) = of_quick(service, running)?;
        let pid = serving.connector.identity.pid;
        let connector = step(&[serving], known)?;
        let (project, service, port) = (slug(&draft.name), service.name.clone(), service.port?);
        Some(FormerQuickTunnel { host, project, service, port, pid, connector })
    };
    draft.services.iter().filter_map(of).collect()
}

/// Those that a migration writes down.
#[must_use]
pub fn to_know(drafts: &Drafts, known: &Known, running: &Running, boot: &str) -> Vec<StoredConnector> {
    let stored = |serving: &Serving<'_>, tunnel: Option<&DraftTunnel>, hosts: Vec<String>| StoredConnector {
        pid: serving.connector.identity.pid,
        start_time: serving.connector.identity.start_time,
        boot: boot.to_owned(),
        program: serving.connector.program.clone(),
        tunnel: tunnel.map(|tunnel| tunnel.tunnel.clone()),
        hosts,
        config: tunnel.and_then(|tunnel| tunnel.config.clone()),
    };
    let mut all = vec![];
    let is_new = |serving: &Serving<'_>| serving.is_former && !is_known(serving.connector, known);
    for tunnel in &drafts.tunnels {
        let its = of_tunnel(tunnel, running).into_iter().filter(is_new);
        all.extend(its.map(|serving| stored(&serving, Some(tunnel), tunnel.hosts.clone())));
    }
    for service in drafts.projects.iter().flat_map(|draft| &draft.services) {
        let its = of_quick(service, running).filter(|(_, serving)| is_new(serving));
        all.extend(its.map(|(host, serving)| stored(&serving, None, vec![host])));
    }
    all
}

/// The tunnel that a file of cloudflared's is for, and its rules as Cloudflare's API has them.
///
/// # Errors
/// What the file says that can't be said there in the same way.
pub fn configured(text: &str) -> Result<(String, Vec<Value>), String> {
    let (tunnel, file) = rules(text)?;
    if file.get("originRequest").is_some_and(|settings| !is_empty(settings)) {
        return Err("it has settings for its origins (originRequest)".to_owned());
    }
    let listed = file.get("ingress").and_then(Value::as_array);
    let listed = listed.filter(|rules| !rules.is_empty()).ok_or("it has no rules (ingress)")?;
    let taken = listed.iter().map(|rule| {
        let rule = rule.as_object().ok_or_else(|| format!("{rule} is no rule"))?;
        let mut taken = Map::new();
        for (key, value) in rule {
            match (key.as_str(), value) {
                // As it is: visitors are to find what they find now.
                ("hostname" | "path" | "service", Value::String(_)) => {
                    taken.insert(key.clone(), value.clone());
                }
                (_, value) if is_empty(value) => {}
                _ => return Err(format!("one of its rules has `{key}`")),
            }
        }
        Ok(Value::Object(taken))
    });
    Ok((tunnel, taken.collect::<Result<_, String>>()?))
}

/// The tunnel that a file of cloudflared's is for, whatever else it says.
#[must_use]
pub fn tunnel_of(text: &str) -> Option<String> {
    rules(text).ok().map(|(tunnel, _)| tunnel)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_taken_as_they_are_or_not_at_all() {
        let file = "tunnel: t1\ncredentials-file: /x.json\ningress:\n\
                    - {hostname: A.example.com, path: /api/*, service: 'http://127.0.0.1:8005'}\n\
                    - {hostname: a.example.com, service: 'http://127.0.0.1:8001', originRequest: {}}\n\
                    - service: http_status:404\n";
        let expected = vec![
            json!({"hostname": "A.example.com", "path": "/api/*", "service": "http://127.0.0.1:8005"}),
            json!({"hostname": "a.example.com", "service": "http://127.0.0.1:8001"}),
            json!({"service": "http_status:404"}),
        ];
        assert_eq!(configured(file), Ok(("t1".to_owned(), expected)));
        let why = |file: &str| configured(file).unwrap_err();
        let with =
            "tunnel: t\ningress: [{service: 'http://127.0.0.1:1', originRequest: {noTLSVerify: true}}]\n";
        assert_eq!(why(with), "one of its rules has `originRequest`");
        assert!(
            why("tunnel: t\noriginRequest: {connectTimeout: 3s}\ningress: [{service: x}]\n")
                .contains("origins")
        );
        assert_eq!(why("tunnel: t\n"), "it has no rules (ingress)");
        assert_eq!(why("ingress: []\n"), "it has no `tunnel`");
    }
}
