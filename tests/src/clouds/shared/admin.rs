//! What a hand, or a test in another language, does to a cloud: paths that begin with `/-/`.

use serde_json::{Value, json};

use super::{Reply, Vendor, World, order, rfc3339};

/// What `fake-cloud` prints about them.
pub const HELP: &str = r#"Beside its own API it has, with JSON in the body:
  GET  /-/state     the time there, its tokens, the requests so far, and all that the cloud knows
  GET  /-/requests  the requests, each with its query, body, token and status; DELETE forgets them
  POST /-/fault     {"method": "POST", "path": "/projects/*/branches", "do": "status", "status": 423}
                    * is any method or segment, ** at the end any rest; the path begins behind the base.
                    "do" is status ("status", "message", "retry_after"), reply ("status", "body"), broken,
                    silent, reset, cut or slow ("ms"). "after": it took effect before. "nth", "times": which of them.
                    "saying": only with this in the body. DELETE: nothing goes wrong any more
  POST /-/lag       {"path": "/projects/*/branches", "reads": 2} or "ms": these reads see the time before a write.
                    DELETE: nothing lags any more
  POST /-/clock     {"advance_ms": 60000}, {"stop": true} or {"stop": false}
  POST /-/rate      {"limit": 5, "window_ms": 60000, "retry_after": "seconds"}, or date, or untold
  POST /-/token     {"permissions": ["…"], "reaches": ["…"], "kind": "…"}: another token. Without them it may do all
  POST /-/revoke    {"token": "…"}
  POST /-/control   {"do": "…"}: what somebody else does there; a wrong one is told which there are
"#;

pub(super) fn answer<V: Vendor>(world: &mut World<V>, method: &str, target: &str, body: &str) -> Reply {
    let now = world.settle();
    let order: Value = match body {
        "" => Value::Null,
        text => match serde_json::from_str(text) {
            Ok(order) => order,
            Err(error) => return wrong(400, &format!("the order is no JSON: {error}")),
        },
    };
    let done = match (method, target) {
        ("GET", "/-/help") => return Reply::text(200, HELP),
        ("GET", "/-/state") => Ok(json!({
            "now": rfc3339(now),
            "tokens": world.tokens.iter().map(|token| json!({
                "kind": token.kind, "permissions": token.permissions, "reaches": token.reaches, "revoked": token.is_revoked,
            })).collect::<Vec<_>>(),
            "requests": world.requests.lines(),
            "cloud": world.vendor.tell(),
        })),
        ("GET", "/-/requests") => {
            Ok(Value::Array(world.requests.all().iter().map(super::Request::tell).collect()))
        }
        ("DELETE", "/-/requests") => {
            world.requests.forget();
            Ok(json!({}))
        }
        ("POST", "/-/fault") => order::fault(&order).map(|fault| {
            world.faults.arm(fault);
            json!({})
        }),
        ("DELETE", "/-/fault") => {
            world.faults.disarm();
            Ok(json!({}))
        }
        ("POST", "/-/lag") => order::lag(&order).map(|lag| {
            world.lags.add(lag);
            json!({})
        }),
        ("DELETE", "/-/lag") => {
            world.lags.end();
            Ok(json!({}))
        }
        ("POST", "/-/clock") => clock(world, &order),
        ("POST", "/-/rate") => order::rate(&order).map(|rate| {
            world.rate = rate;
            json!({})
        }),
        ("POST", "/-/token") => {
            let token = order::token(&order);
            let value = token.value.clone();
            world.tokens.push(token);
            Ok(json!({"token": value}))
        }
        ("POST", "/-/revoke") => order::text(&order, "token").and_then(|value| {
            let token = world.tokens.iter_mut().find(|token| token.value == value);
            token.ok_or("there is no such token")?.is_revoked = true;
            Ok(json!({}))
        }),
        ("POST", "/-/control") => world.vendor.control(&order, now),
        _ => return wrong(404, &format!("there is no {method} {target}; GET /-/help tells what there is")),
    };
    match done {
        Ok(told) => Reply::json(200, &told),
        Err(fault) => wrong(400, &fault),
    }
}

fn clock<V: Vendor>(world: &mut World<V>, order: &Value) -> Result<Value, String> {
    match order["stop"].as_bool() {
        Some(true) => world.clock.stop(),
        Some(false) => world.clock.go(),
        None => world.clock.advance(order::milliseconds(order, "advance_ms")?),
    }
    Ok(json!({"now": rfc3339(world.settle())}))
}

fn wrong(status: u16, fault: &str) -> Reply {
    Reply::json(status, &json!({"error": fault}))
}
