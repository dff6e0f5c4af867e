//! `port_registry.json`: `{version: "1.0", timestamp, services: {NAME: {assigned_port, …}}}`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{self, Object};
use crate::compat::found::{Found, FoundPort, Reading};

const VERSION: &str = "1.0";

pub fn read(text: &str) -> Reading {
    let object = match fields::json(text) {
        Ok(object) => object,
        Err(fault) => return Reading { found: vec![], faults: vec![fault] },
    };
    let version =
        object.get("version").map(|version| version.as_str().map_or(version.to_string(), str::to_owned));
    if let Some(version) = version.filter(|version| version != VERSION) {
        let fault = format!("it is of version {version}, and only {VERSION} is known");
        return Reading { found: vec![], faults: vec![fault] };
    }
    let Some(services) = fields::section(&object, "services") else {
        return Reading { found: vec![], faults: vec!["it has no `services`".to_owned()] };
    };
    let mut reading = Reading::default();
    let mut owners: BTreeMap<u16, &str> = BTreeMap::new();
    // By age: where two have one port, the library gave it to the older one first.
    let mut sorted: Vec<(&String, &Value)> = services.iter().collect();
    sorted.sort_by(|one, other| created(one.1).total_cmp(&created(other.1)));
    for (name, value) in sorted {
        match entry(name, value) {
            Ok(port) => match owners.get(&port.port) {
                Some(owner) => {
                    reading.faults.push(format!("{name}: its port {} is {owner}'s already", port.port));
                }
                None => {
                    owners.insert(port.port, name);
                    reading.found.push(Found::Port(port));
                }
            },
            Err(fault) => reading.faults.push(format!("{name}: {fault}")),
        }
    }
    reading
}

fn created(value: &Value) -> f64 {
    value.get("created_at").and_then(fields::number).unwrap_or(f64::MAX)
}

fn entry(name: &str, value: &Value) -> Result<FoundPort, String> {
    let entry: &Object = value.as_object().ok_or_else(|| format!("{value} is no entry of a service"))?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err("it has no name".to_owned());
    }
    let port = fields::port(entry.get("assigned_port"))?.ok_or("it has no port")?;
    let hostname = fields::text(entry, "tunnel_hostname").and_then(|name| fields::hostname(&name).ok());
    Ok(FoundPort {
        name: name.to_owned(),
        port,
        tunnel: fields::text(entry, "tunnel_id"),
        hostname,
        pid: fields::pid(entry.get("pid")),
        seen_at: entry.get("last_seen").and_then(fields::number),
    })
}
