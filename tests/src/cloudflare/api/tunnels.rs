use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::access;
use super::pages::page;
use crate::cloudflare::call::Call;
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::state::State;
use crate::cloudflare::token::Permission;
use crate::cloudflare::tunnel::Tunnel;

pub(super) fn create(state: &mut State, call: &Call, account: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelEdit)?;
    let name = name(call)?.ok_or_else(|| Failure::new(400, 1002, "Tunnel name must be provided"))?;
    refuse_taken(state, account, name, None)?;
    let config_src = call.body["config_src"].as_str().unwrap_or("local");
    let mut tunnel = Tunnel::new(account, name, config_src, state.now());
    if let Some(secret) = secret(call)? {
        tunnel.secret = secret;
    }
    let mut shown = tunnel.shown(0);
    shown["token"] = tunnel.token().into();
    shown["credentials_file"] = json!({
        "AccountTag": account,
        "TunnelID": tunnel.id,
        "TunnelName": name,
        "TunnelSecret": BASE64_STANDARD.encode(&tunnel.secret),
    });
    state.tunnels.push(tunnel);
    Ok(shown.into())
}

/// Deleted ones too, unless told otherwise.
pub(super) fn list(state: &State, call: &Call, account: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelRead)?;
    let is = |name: &str, value: &str| call.asked(name).is_none_or(|wanted| wanted == value);
    let found = state.tunnels.iter().filter(|tunnel| tunnel.account == account).filter(|tunnel| {
        is("name", &tunnel.name)
            && is("uuid", &tunnel.id)
            && is("is_deleted", if tunnel.deleted_at.is_some() { "true" } else { "false" })
            && is("status", tunnel.status(state.connected(&tunnel.id)))
            && call.asked("include_prefix").is_none_or(|prefix| tunnel.name.starts_with(prefix))
            && call.asked("exclude_prefix").is_none_or(|prefix| !tunnel.name.starts_with(prefix))
    });
    let all: Vec<Value> = found.map(|tunnel| shown(state, tunnel)).collect();
    Ok(page(call, &all, 20, 1000))
}

/// A deleted one, too: it tells when.
pub(super) fn one(state: &State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelRead)?;
    let tunnel = state.tunnels.iter().find(|tunnel| tunnel.id == id && tunnel.account == account);
    tunnel.map(|tunnel| shown(state, tunnel).into()).ok_or_else(not_found)
}

/// Another secret lets no connection end; who has the old token can't come back.
pub(super) fn change(state: &mut State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelEdit)?;
    living(state, account, id)?;
    let (name, secret) = (name(call)?, secret(call)?);
    if let Some(name) = name {
        refuse_taken(state, account, name, Some(id))?;
    }
    let tunnel = state.tunnel_mut(id);
    if let Some(name) = name {
        name.clone_into(&mut tunnel.name);
    }
    if let Some(secret) = secret {
        tunnel.secret = secret;
    }
    Ok(shown(state, living(state, account, id)?).into())
}

pub(super) fn delete(state: &mut State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelEdit)?;
    living(state, account, id)?;
    if call.asked("cascade") != Some("true") && state.connected(id) > 0 {
        return Err(Failure::new(400, 1022, "Cannot delete tunnel because it has active connections"));
    }
    state.delete_tunnel(id);
    one(state, call, account, id)
}

/// Who has it can run the tunnel, so reading it takes the right to change.
pub(super) fn token(state: &State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelEdit)?;
    Ok(Value::String(living(state, account, id)?.token()).into())
}

/// One that is not deleted.
pub(super) fn living<'a>(state: &'a State, account: &str, id: &str) -> Result<&'a Tunnel, Failure> {
    let mut tunnels = state.tunnels.iter();
    let is_it =
        |tunnel: &&Tunnel| tunnel.id == id && tunnel.account == account && tunnel.deleted_at.is_none();
    tunnels.find(is_it).ok_or_else(not_found)
}

fn not_found() -> Failure {
    Failure::new(404, 1003, "Tunnel not found")
}

fn shown(state: &State, tunnel: &Tunnel) -> Value {
    tunnel.shown(state.connected(&tunnel.id))
}

/// That a name is refused with this code where it is empty is a guess.
fn name(call: &Call) -> Result<Option<&str>, Failure> {
    match call.body["name"].as_str() {
        Some("") => Err(Failure::new(400, 1002, "Tunnel name must be provided")),
        other => Ok(other),
    }
}

fn secret(call: &Call) -> Result<Option<Vec<u8>>, Failure> {
    let Some(text) = call.body["tunnel_secret"].as_str() else { return Ok(None) };
    let secret = BASE64_STANDARD.decode(text).ok().filter(|secret| secret.len() >= 32);
    secret
        .map(Some)
        .ok_or_else(|| Failure::new(400, 1001, "Tunnel secret must be at least 32 bytes, in base64"))
}

fn refuse_taken(state: &State, account: &str, name: &str, but: Option<&str>) -> Result<(), Failure> {
    let has_it = |tunnel: &Tunnel| {
        tunnel.name == name
            && tunnel.account == account
            && tunnel.deleted_at.is_none()
            && Some(&*tunnel.id) != but
    };
    if !state.tunnels.iter().any(has_it) {
        return Ok(());
    }
    let message = "You already have a tunnel with this name. Please choose a different name for your tunnel.";
    Err(Failure::new(409, 1013, message))
}
