//! What a tunnel leads where. Whoever puts one replaces all of it; there is no asking whether somebody else has meanwhile.

use serde_json::{Value, json};

use super::access;
use super::tunnels::living;
use crate::cloudflare::call::Call;
use crate::cloudflare::ingress::Ingress;
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::rfc3339;
use crate::cloudflare::state::State;
use crate::cloudflare::token::Permission;
use crate::cloudflare::tunnel::Tunnel;

pub(super) fn get(state: &State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelRead)?;
    living(state, account, id).map(|tunnel| shown(tunnel).into())
}

pub(super) fn put(state: &mut State, call: &Call, account: &str, id: &str) -> Result<Outcome, Failure> {
    access::account(state, call, account, Permission::TunnelEdit)?;
    living(state, account, id)?;
    let configuration = &call.body["config"];
    validate(configuration)?;
    let now = state.now();
    let tunnel = state.tunnel_mut(id);
    tunnel.configure(configuration.clone(), now);
    Ok(shown(tunnel).into())
}

fn validate(configuration: &Value) -> Result<(), Failure> {
    let bad = |why: &str| Failure::new(400, 1056, format!("Bad Configuration: Validation failed: {why}"));
    if !configuration.is_object() {
        return Err(bad("config must be an object"));
    }
    Ingress::read(configuration).map(drop).map_err(|why| bad(&why))
}

fn shown(tunnel: &Tunnel) -> Value {
    json!({
        "account_id": tunnel.account,
        "tunnel_id": tunnel.id,
        "version": tunnel.version,
        "config": tunnel.configuration,
        "source": tunnel.config_src,
        "created_at": rfc3339(tunnel.configured_at),
    })
}
