//! The settings files of users' projects: `kinfra.yml` (zen-mcp-server) and `kinfra_config.yaml` (atoms-mcp).

use serde_json::Value;

use super::fields::{self, Object};
use crate::compat::found::{Found, FoundProject, Reading};

/// `networking: {port_strategy, port_range: {min, max}, blocked_ports}`, `tunnel: {type, domain}`.
pub fn networking(text: &str) -> Reading {
    read(text, &["networking", "tunnel"], |object, faults| {
        let networking = fields::section(object, "networking");
        let range = networking.and_then(|networking| fields::section(networking, "port_range"));
        let range = range.and_then(|range| {
            kept(fields::range(range.get("min"), range.get("max")), "networking.port_range", faults)
        });
        let blocked = networking.and_then(|networking| networking.get("blocked_ports")?.as_array());
        let mut ports = vec![];
        for value in blocked.into_iter().flatten() {
            ports.extend(kept(fields::port(Some(value)), "networking.blocked_ports", faults));
        }
        let tunnel = fields::section(object, "tunnel");
        // One of the type `quick` has a name of Cloudflare's own, whatever stands there.
        let is_own = tunnel.and_then(|tunnel| fields::text(tunnel, "type")).as_deref() == Some("persistent");
        let domain = tunnel.and_then(|tunnel| host(tunnel, "domain", "tunnel", faults));
        FoundProject {
            range,
            blocked: ports,
            hostname: domain.filter(|_| is_own),
            health: Some("/healthz".to_owned()),
            ..FoundProject::default()
        }
    })
}

/// `service`, `port: {preferred, range: [FIRST, LAST]}`, `tunnel: {enabled, domain, subdomain}`, `health`, `cleanup`.
pub fn settings(text: &str) -> Reading {
    read(text, &["service", "port", "tunnel"], |object, faults| {
        let name = fields::section(object, "service").and_then(|service| fields::text(service, "name"));
        let port = fields::section(object, "port");
        let preferred =
            port.and_then(|port| kept(fields::port(port.get("preferred")), "port.preferred", faults));
        let range =
            port.and_then(|port| match port.get("range").and_then(Value::as_array).map(Vec::as_slice) {
                Some([first, last]) => kept(fields::range(Some(first), Some(last)), "port.range", faults),
                Some(other) => {
                    faults.push(format!("port.range: it has {} numbers instead of two", other.len()));
                    None
                }
                None => None,
            });
        let tunnel = fields::section(object, "tunnel");
        let domain = tunnel.and_then(|tunnel| host(tunnel, "domain", "tunnel", faults));
        let subdomain = tunnel.and_then(|tunnel| fields::text(tunnel, "subdomain"));
        let is_on = tunnel.is_some_and(|tunnel| fields::is_on(tunnel, "enabled"));
        let hostname = match (&subdomain, &domain) {
            (Some(subdomain), Some(domain)) => {
                let name = fields::hostname(&format!("{subdomain}.{domain}"));
                kept(name.map(Some), "tunnel.subdomain", faults)
            }
            _ => domain,
        };
        let health = fields::section(object, "health").filter(|health| fields::is_on(health, "enabled"));
        let cleanup = fields::section(object, "cleanup");
        FoundProject {
            name,
            port: preferred,
            range,
            hostname: hostname.filter(|_| is_on),
            health: health.and_then(|health| fields::text(health, "endpoint")),
            grace: cleanup.and_then(|cleanup| cleanup.get("grace_period")).and_then(fields::number),
            ..FoundProject::default()
        }
    })
}

/// One that has none of the sections is something else's, whatever it is called.
fn read(
    text: &str,
    sections: &[&str],
    project: impl Fn(&Object, &mut Vec<String>) -> FoundProject,
) -> Reading {
    let object = match fields::yaml(text) {
        Ok(object) => object,
        Err(fault) => return Reading { found: vec![], faults: vec![fault] },
    };
    if !sections.iter().any(|section| object.contains_key(*section)) {
        let fault = format!("it has none of {}", sections.join(", "));
        return Reading { found: vec![], faults: vec![fault] };
    }
    let mut faults = vec![];
    let found = project(&object, &mut faults);
    Reading { found: vec![Found::Project(found)], faults }
}

fn host(section: &Object, key: &str, of: &str, faults: &mut Vec<String>) -> Option<String> {
    let text = fields::text(section, key)?;
    kept(fields::hostname(&text).map(Some), &format!("{of}.{key}"), faults)
}

fn kept<T>(result: Result<Option<T>, String>, key: &str, faults: &mut Vec<String>) -> Option<T> {
    result.unwrap_or_else(|fault| {
        faults.push(format!("{key}: {fault}"));
        None
    })
}
