//! `.tunnel_config.json`: `{service, local_port, domain, tunnel_url, status}`, one or a list of them, or by name.

use serde_json::Value;

use super::fields::{self, Object};
use crate::compat::found::{Found, FoundPort, Reading};

pub fn read(text: &str) -> Reading {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return Reading { found: vec![], faults: vec![format!("it is no JSON: {error}")] },
    };
    let mut reading = Reading::default();
    let entries: Vec<&Object> = match &value {
        Value::Array(list) => list.iter().filter_map(Value::as_object).collect(),
        Value::Object(one) if one.contains_key("local_port") => vec![one],
        Value::Object(many) => many.values().filter_map(Value::as_object).collect(),
        _ => vec![],
    };
    if entries.is_empty() {
        reading.faults.push("it has no tunnel".to_owned());
    }
    for entry in entries {
        match one(entry) {
            Ok(port) => reading.found.push(Found::Port(port)),
            Err(fault) => reading.faults.push(fault),
        }
    }
    reading
}

fn one(entry: &Object) -> Result<FoundPort, String> {
    let port = fields::port(entry.get("local_port"))?.ok_or("a tunnel without a `local_port`")?;
    let domain = fields::text(entry, "domain").or_else(|| fields::text(entry, "tunnel_url"));
    let hostname = domain.map(|domain| fields::hostname(&domain)).transpose()?;
    // Without a name it has that of its host: `ai` of ai.example.com.
    let of_host = || hostname.as_deref().and_then(|name| name.split('.').next()).map(str::to_owned);
    let name = fields::text(entry, "service").or_else(of_host).ok_or("a tunnel without a `service`")?;
    let hostname = hostname.filter(|name| !name.ends_with(".trycloudflare.com"));
    Ok(FoundPort { name, port, tunnel: None, hostname, pid: None, seen_at: None })
}
