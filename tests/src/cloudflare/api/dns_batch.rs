use serde_json::{Value, json};

use super::access;
use super::dns_records::Edited;
use crate::cloudflare::call::Call;
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::state::State;
use crate::cloudflare::token::Permission;

/// All of it or nothing, in this order whatever the request's is.
pub(super) fn run(state: &mut State, call: &Call, zone: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsEdit)?;
    let mut edited = Edited::of(state, zone);
    let mut result = json!({});
    for kind in ["deletes", "patches", "puts", "posts"] {
        let mut done = Vec::new();
        for body in call.body[kind].as_array().into_iter().flatten() {
            done.push(step(&mut edited, kind, body)?);
        }
        result[kind] = Value::Array(done);
    }
    state.records = edited.records;
    Ok(result.into())
}

fn step(edited: &mut Edited, kind: &str, body: &Value) -> Result<Value, Failure> {
    let id = body["id"].as_str().unwrap_or_default();
    match kind {
        "deletes" => edited.delete(id),
        "patches" => edited.change(id, body, false),
        "puts" => edited.change(id, body, true),
        _ => edited.create(body),
    }
}
