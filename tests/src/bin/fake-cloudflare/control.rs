//! What can be done to it: `{"do": "lose"}` and so on, as [`run`] lists them.

use std::time::Duration;

use kinfra_tests::cloudflare::{Cloudflare, Fault};
use serde_json::{Value, json};

/// Gives what there is to tell, mostly nothing. The fault says what the order lacks.
pub fn run(cloudflare: &Cloudflare, order: &Value) -> Result<Value, String> {
    let text =
        |field: &str| order[field].as_str().ok_or_else(|| format!("the order lacks {field:?}, a text"));
    let number =
        |field: &str| order[field].as_u64().ok_or_else(|| format!("the order lacks {field:?}, a number"));
    match text("do")? {
        "lose" => cloudflare.lose_cleanly(),
        "freeze" => cloudflare.freeze(),
        "come_back" => cloudflare.come_back(),
        "kill" => cloudflare.kill(text("connection")?),
        "refuse" => cloudflare.refuse_registrations(order["text"].as_str()),
        "block_quic" => cloudflare.block_quic(order["blocked"] != false),
        "delete_tunnel" => {
            let id = tunnel(cloudflare, text("tunnel")?)?;
            cloudflare.state().delete_tunnel(&id);
        }
        "edit_ingress" => {
            let id = tunnel(cloudflare, text("tunnel")?)?;
            let rules = order["ingress"].as_array().ok_or("the order lacks \"ingress\", a list of rules")?;
            cloudflare.state().edit_ingress(&id, |ingress| ingress.clone_from(rules));
        }
        "add_record" => {
            let (kind, name, content) = (text("type")?, text("name")?, text("content")?);
            if cloudflare.state().zone_of(name).is_none() {
                return Err(format!("no zone has {name} in it"));
            }
            let is_proxied = order["proxied"] != false;
            return Ok(json!({"id": cloudflare.state().add_record(kind, name, content, is_proxied)}));
        }
        "delete_records" => cloudflare.state().delete_records(text("name")?),
        "add_zone" => {
            let status = order["status"].as_str().unwrap_or("active");
            return Ok(json!({"id": cloudflare.state().add_zone(text("name")?, status)}));
        }
        "revoke" => {
            let token = cloudflare.token();
            cloudflare.state().revoke(&token);
        }
        "limit" => cloudflare.state().rate.limit = usize::try_from(number("requests")?).unwrap_or(usize::MAX),
        "advance" => cloudflare.state().clock.advance(Duration::from_secs(number("seconds")?)),
        "cut" => {
            let fault = Fault::on(text("method")?, text("path")?);
            cloudflare.fault(if order["after"] == true { fault.after() } else { fault });
        }
        other => return Err(format!("there is no order {other:?}")),
    }
    Ok(json!({}))
}

/// Its id.
fn tunnel(cloudflare: &Cloudflare, which: &str) -> Result<String, String> {
    let state = cloudflare.state();
    let found = state.tunnel(which).map(|tunnel| tunnel.id.clone());
    found.ok_or_else(|| format!("there is no tunnel {which}"))
}

/// What it knows, but for what is secret.
pub fn state(cloudflare: &Cloudflare) -> Value {
    let state = cloudflare.state();
    let tunnels = state.tunnels.iter().map(|tunnel| {
        json!({
            "id": tunnel.id, "name": tunnel.name, "deleted": tunnel.deleted_at.is_some(),
            "version": tunnel.version, "configuration": tunnel.configuration,
        })
    });
    let connections = state.connections.iter().map(|connection| {
        json!({
            "id": connection.id, "tunnel": connection.tunnel, "connector": connection.connector,
            "index": connection.index, "protocol": connection.protocol, "version": connection.config_version,
        })
    });
    let records = state.records.iter().map(|record| {
        json!({
            "id": record.id, "type": record.kind, "name": record.name, "content": record.content,
            "proxied": record.proxied, "comment": record.comment,
        })
    });
    json!({
        "tunnels": tunnels.collect::<Vec<_>>(),
        "connections": connections.collect::<Vec<_>>(),
        "records": records.collect::<Vec<_>>(),
        "quick_tunnels": state.quick_tunnels.iter().map(|quick| &quick.hostname).collect::<Vec<_>>(),
        "requests": state.requests.lines(),
    })
}
