use serde_json::{Value, json};

use super::access;
use super::pages::page;
use crate::cloudflare::call::Call;
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::state::{Account, State};
use crate::cloudflare::token::Standing;

/// Whether a token works: by the one path for tokens of users, by the other for those of that account.
pub(super) fn verify(state: &State, call: &Call, account: Option<&str>) -> Result<Outcome, Failure> {
    let value = access::bearer(call)?;
    let is_meant = |token: &&crate::cloudflare::Token| match account {
        None => !token.is_of_an_account(),
        Some(account) => token.is_of_an_account() && token.accounts.contains(account),
    };
    let token = state.tokens.iter().find(|token| token.value == value).filter(is_meant);
    let token = token.filter(|token| token.standing != Standing::Revoked);
    let token = token.ok_or_else(|| Failure::new(401, 1000, "Invalid API Token"))?;
    let status = match token.standing {
        Standing::Active | Standing::Revoked => "active",
        Standing::Disabled => "disabled",
        Standing::Expired => "expired",
    };
    let mut outcome = Outcome::from(json!({"id": token.id, "status": status}));
    if status == "active" {
        let message = json!({"code": 10000, "message": "This API Token is valid and active", "type": null});
        outcome.messages.push(message);
    }
    Ok(outcome)
}

pub(super) fn list(state: &State, call: &Call) -> Result<Outcome, Failure> {
    let token = access::token(state, call)?;
    if token.is_of_an_account() {
        let message = "List accounts endpoint does not support account owned tokens.";
        return Err(Failure::new(400, 1001, message));
    }
    let name = call.asked("name");
    let reached = state.accounts.iter().filter(|account| token.accounts.contains(&account.id));
    let all: Vec<Value> =
        reached.filter(|account| name.is_none_or(|name| account.name == name)).map(shown).collect();
    Ok(page(call, &all, 20, 50))
}

pub(super) fn one(state: &State, call: &Call, id: &str) -> Result<Outcome, Failure> {
    let token = access::token(state, call)?;
    let account = state.accounts.iter().find(|account| account.id == id && token.accounts.contains(id));
    account.map(|account| shown(account).into()).ok_or_else(access::unauthorized)
}

fn shown(account: &Account) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "type": "standard",
        "settings": {"enforce_twofactor": false},
        "created_on": "2024-03-01T12:00:00.000000Z",
    })
}
