//! Which call is which.

use serde_json::json;

use super::{access, accounts, configurations, connections, dns_batch, dns_records, tunnels, zones};
use crate::cloudflare::call::Call;
use crate::cloudflare::rate::Standing;
use crate::cloudflare::reply::{Failure, Outcome, Reply};
use crate::cloudflare::state::State;

/// What the API says, and does.
pub(in crate::cloudflare) fn answer(state: &mut State, call: &Call) -> Reply {
    let owner = access::bearer(call).unwrap_or("nobody").to_owned();
    let (now, limit) = (state.now(), state.rate.limit);
    let standing = state.rate.count(&owner, now);
    let mut reply = match standing.retry_after {
        Some(_) => Reply::text(429, "error code: 1015"),
        None => Reply::from(result(state, call)),
    };
    reply.headers = headers(&standing, limit);
    if let Some(deed) = state.hooks.take(call) {
        deed(state);
    }
    reply
}

fn headers(standing: &Standing, limit: usize) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("ratelimit", format!("\"default\";r={};t={}", standing.left, standing.resets_in.as_secs())),
        ("ratelimit-policy", format!("\"default\";q={limit};w=300")),
    ];
    if let Some(after) = standing.retry_after {
        headers.push(("retry-after", after.as_secs_f64().ceil().to_string()));
    }
    headers
}

fn result(state: &mut State, call: &Call) -> Result<Outcome, Failure> {
    access::bearer(call)?;
    let segments = call.segments();
    if segments.iter().any(|segment| segment.is_empty()) {
        let message = format!("{} method not allowed for the api_token authentication scheme", call.method);
        return Err(Failure::new(405, 10000, message));
    }
    if let Some(bad) = bad_id(&segments) {
        let message = format!("Could not route to {bad}, perhaps your object identifier is invalid?");
        return Err(Failure::new(400, 7003, message));
    }
    match (call.method.as_str(), &segments[..]) {
        ("GET", ["user", "tokens", "verify"]) => accounts::verify(state, call, None),
        ("GET", ["accounts"]) => accounts::list(state, call),
        ("GET", ["accounts", account]) => accounts::one(state, call, account),
        ("GET", ["accounts", account, "tokens", "verify"]) => accounts::verify(state, call, Some(account)),
        ("GET", ["zones"]) => zones::list(state, call),
        ("GET", ["zones", zone]) => zones::one(state, call, zone),
        (_, ["accounts", account, "cfd_tunnel", rest @ ..]) => tunnel(state, call, account, rest),
        ("GET", ["zones", zone, "dns_records"]) => dns_records::list(state, call, zone),
        ("POST", ["zones", zone, "dns_records"]) => dns_records::create(state, call, zone),
        ("POST", ["zones", zone, "dns_records", "batch"]) => dns_batch::run(state, call, zone),
        ("GET", ["zones", zone, "dns_records", id]) => dns_records::one(state, call, zone, id),
        ("PATCH" | "PUT", ["zones", zone, "dns_records", id]) => dns_records::change(state, call, zone, id),
        ("DELETE", ["zones", zone, "dns_records", id]) => dns_records::delete(state, call, zone, id),
        ("PUT", ["zones", zone, "tunnels", tunnel, "routes"]) => {
            dns_records::route(state, call, zone, tunnel)
        }
        _ => Err(no_route()),
    }
}

fn tunnel(state: &mut State, call: &Call, account: &str, rest: &[&str]) -> Result<Outcome, Failure> {
    match (call.method.as_str(), rest) {
        ("POST", []) => tunnels::create(state, call, account),
        ("GET", []) => tunnels::list(state, call, account),
        ("GET", [id]) => tunnels::one(state, call, account, id),
        ("PATCH", [id]) => tunnels::change(state, call, account, id),
        ("DELETE", [id]) => tunnels::delete(state, call, account, id),
        ("GET", [id, "token"]) => tunnels::token(state, call, account, id),
        ("GET", [id, "configurations"]) => configurations::get(state, call, account, id),
        ("PUT", [id, "configurations"]) => configurations::put(state, call, account, id),
        ("GET", [id, "connections"]) => connections::list(state, call, account, id),
        ("GET", [id, "connectors", connector]) => connections::one(state, call, account, id, connector),
        ("DELETE", [id, "connections"]) => connections::delete(state, call, account, id),
        _ => Err(no_route()),
    }
}

fn no_route() -> Failure {
    Failure::new(404, 7000, "No route for that URI")
}

/// The path up to an id that is none, by its form.
fn bad_id(segments: &[&str]) -> Option<String> {
    let is_hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_uuid = |text: &str| {
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
    };
    let bad = segments.windows(2).position(|pair| match pair {
        ["accounts" | "zones", id] => !is_hex(id),
        ["dns_records", id] => !is_hex(id) && *id != "batch",
        ["cfd_tunnel" | "tunnels", id] => !is_uuid(id),
        _ => false,
    })?;
    Some(format!("/{}", segments[..bad + 2].join("/")))
}

/// What a list of a kind that is not kept is answered with.
pub(super) fn nothing() -> Outcome {
    json!(null).into()
}
