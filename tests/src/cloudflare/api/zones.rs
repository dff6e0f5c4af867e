use serde_json::{Value, json};

use super::access;
use super::pages::page;
use crate::cloudflare::call::Call;
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::state::{State, Zone};
use crate::cloudflare::token::Permission;

pub(super) fn list(state: &State, call: &Call) -> Result<Outcome, Failure> {
    let token = access::token(state, call)?;
    if !Permission::ZoneRead.is_among(&token.permissions) {
        return Err(access::unauthorized());
    }
    let is = |name: &str, value: &str| call.asked(name).is_none_or(|wanted| wanted == value);
    let found = state.zones.iter().filter(|zone| access::reaches(token, zone)).filter(|zone| {
        is("name", &zone.name) && is("account.id", &zone.account) && is("status", &zone.status)
    });
    let all: Vec<Value> = found.map(|zone| shown(state, zone)).collect();
    Ok(page(call, &all, 20, 50))
}

pub(super) fn one(state: &State, call: &Call, id: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, id, Permission::ZoneRead).map(|zone| shown(state, zone).into())
}

fn shown(state: &State, zone: &Zone) -> Value {
    let account = state.accounts.iter().find(|account| account.id == zone.account);
    json!({
        "id": zone.id,
        "name": zone.name,
        "status": zone.status,
        "paused": false,
        "type": "full",
        "account": {"id": zone.account, "name": account.map(|account| &account.name)},
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "permissions": ["#zone:read", "#dns_records:read", "#dns_records:edit"],
    })
}
