//! A refusal is an answer like any other, with status 200; only what is no valid document is a 400.

use serde_json::{Value, json};

use crate::clouds::shared::{Refusal, Reply, random};

/// The code that Railway has for nearly everything.
const UNSAID: &str = "INTERNAL_SERVER_ERROR";

pub(super) fn words(status: u16) -> Refusal {
    match status {
        401 | 403 => Refusal::new(200, UNSAID, "Not Authorized"),
        404 => Refusal::new(404, "", "Not Found"),
        429 => Refusal::new(429, "", "Rate limit exceeded"),
        _ => Refusal::new(status, UNSAID, "Problem processing request"),
    }
}

pub(super) fn denied() -> Refusal {
    words(403)
}

pub(super) fn missing(what: &str) -> Refusal {
    Refusal::new(200, UNSAID, format!("{what} not found"))
}

pub(super) fn bad(message: &str) -> Refusal {
    Refusal::new(200, "BAD_USER_INPUT", message)
}

pub(super) fn invalid(code: &str, message: String) -> Refusal {
    Refusal::new(400, code, message)
}

pub(super) fn shape(refusal: &Refusal, id: &str) -> Reply {
    if refusal.code.is_empty() {
        return Reply::json(refusal.status, &json!({"message": refusal.message, "requestId": id}));
    }
    // The field is behind the code, where there is one.
    let (code, path) = refusal.code.split_once(' ').unwrap_or((&refusal.code, ""));
    let mut error = json!({
        "message": refusal.message, "locations": [{"line": 1, "column": 3}], "extensions": {"code": code},
        "traceId": random::number().to_string(),
    });
    if !path.is_empty() {
        error["path"] = json!([path]);
    }
    let mut body = json!({"errors": [error]});
    if refusal.status != 400 {
        body["data"] = Value::Null;
    }
    Reply::json(refusal.status, &body)
}
