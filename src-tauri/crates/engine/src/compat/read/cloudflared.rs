//! `config-NAME.yml`: a tunnel as the library configured it, `{tunnel, credentials-file, ingress: [{hostname, path, service}]}`.

use serde_json::Value;

use super::fields::{self, Object};
use crate::compat::found::{Found, FoundRule, FoundTunnel, Reading};

/// Which tunnel it is for, and all that it says.
///
/// # Errors
/// When it says neither.
pub fn whole(text: &str) -> Result<(String, Object), String> {
    let object = fields::yaml(text)?;
    let tunnel = fields::text(&object, "tunnel").ok_or("it has no `tunnel`")?;
    Ok((tunnel, object))
}

pub fn read(text: &str) -> Reading {
    let (tunnel, object) = match whole(text) {
        Ok(whole) => whole,
        Err(fault) => return Reading { found: vec![], faults: vec![fault] },
    };
    let mut faults = vec![];
    let mut rules = vec![];
    for rule in object.get("ingress").and_then(Value::as_array).into_iter().flatten() {
        match one(rule) {
            Ok(rule) => rules.extend(rule),
            Err(fault) => faults.push(fault),
        }
    }
    if rules.is_empty() {
        faults.push("none of its rules leads a host name to a port of this machine".to_owned());
    }
    Reading { found: vec![Found::Tunnel(FoundTunnel { tunnel, rules })], faults }
}

/// None for the last one, which is for all that no other one is for.
fn one(rule: &Value) -> Result<Option<FoundRule>, String> {
    let object = rule.as_object().ok_or_else(|| format!("{rule} is no rule"))?;
    let service = fields::text(object, "service").ok_or("a rule without a `service`")?;
    let Some(hostname) = fields::text(object, "hostname") else { return Ok(None) };
    let hostname = fields::hostname(&hostname)?;
    let port = local_port(&service)
        .ok_or_else(|| format!("{hostname} leads to {service}, which is no port here"))?;
    // `/api/*` is what the library wrote for everything below /api.
    let path = fields::text(object, "path").map(|path| {
        let path = path.trim_end_matches('*').trim_end_matches('/');
        format!("/{}", path.trim_start_matches(['^', '/']))
    });
    Ok(Some(FoundRule { hostname, path: path.filter(|path| path != "/"), port }))
}

fn local_port(service: &str) -> Option<u16> {
    let rest = service.strip_prefix("http://").or_else(|| service.strip_prefix("https://"))?;
    let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"].contains(&host).then(|| port.parse().ok()).flatten()
}
