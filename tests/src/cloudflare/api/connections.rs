use serde_json::{Value, json};

use super::access;
use super::routes::nothing;
use super::tunnels::living;
use crate::cloudflare::call::Call;
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::rfc3339;
use crate::cloudflare::state::State;
use crate::cloudflare::token::Permission;
use crate::cloudflare::tunnel::Connection;

/// By the cloudflared that holds them.
pub(super) fn list(state: &State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelRead)?;
    living(state, account, id)?;
    Ok(json!(connectors(state, id)).into())
}

pub(super) fn one(
    state: &State,
    call: &Call,
    account: &str,
    id: &str,
    connector: &str,
) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelRead)?;
    living(state, account, id)?;
    let found = connectors(state, id).into_iter().find(|shown| shown["id"] == connector);
    found.map(Outcome::from).ok_or_else(|| Failure::new(404, 1003, "Connector not found"))
}

/// They are closed, and come back if their cloudflared lives.
pub(super) fn delete(state: &mut State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelEdit)?;
    living(state, account, id)?;
    let client = call.asked("client_id");
    state.disconnect(|held| held.tunnel == id && client.is_none_or(|client| held.connector == client));
    Ok(nothing())
}

fn connectors(state: &State, tunnel: &str) -> Vec<Value> {
    let held = || state.connections.iter().filter(|connection| connection.tunnel == tunnel);
    let mut ids: Vec<&str> = Vec::new();
    for connection in held() {
        if !ids.contains(&connection.connector.as_str()) {
            ids.push(&connection.connector);
        }
    }
    let shown = |id: &&str| {
        let of_it: Vec<&Connection> = held().filter(|connection| connection.connector == **id).collect();
        let first = of_it.iter().min_by_key(|connection| connection.opened_at)?;
        Some(json!({
            "id": id,
            "arch": "linux_amd64",
            "version": first.version,
            "config_version": first.config_version,
            "features": ["allow_remote_config", "serialized_headers", "support_datagram_v2"],
            "run_at": rfc3339(first.opened_at),
            "conns": of_it.iter().map(|connection| conn(connection)).collect::<Vec<_>>(),
        }))
    };
    ids.iter().filter_map(shown).collect()
}

fn conn(connection: &Connection) -> Value {
    json!({
        "id": connection.id,
        "uuid": connection.id,
        "client_id": connection.connector,
        "client_version": connection.version,
        "colo_name": format!("tst{:02}", connection.index % 2 + 1),
        "is_pending_reconnect": false,
        "opened_at": rfc3339(connection.opened_at),
        "origin_ip": "127.0.0.1",
    })
}
