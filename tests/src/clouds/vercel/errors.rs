//! `{"error": {"code", "message", …}}`. What is more than the two is in the code behind a blank, until it is written.

use serde_json::json;

use crate::clouds::shared::{Refusal, Reply};

/// Vercel answers 403 to a token that it does not know, and tells by a flag that this is why.
pub(super) fn words(status: u16) -> Refusal {
    let (status, code, message) = match status {
        401 => (403, "forbidden invalidToken", "Not authorized"),
        403 => (403, "forbidden", "Not authorized"),
        402 => (402, "payment_required", "Payment required"),
        404 => (404, "not_found", "The requested resource could not be found"),
        429 => (429, "rate_limited", "Too many requests"),
        400..=499 => (status, "bad_request", "The request could not be understood"),
        _ => (status, "internal_server_error", "An unexpected internal error occurred"),
    };
    Refusal::new(status, code, message)
}

pub(super) fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "bad_request", message)
}

pub(super) fn missing(what: &str, id: &str) -> Refusal {
    Refusal::new(404, "not_found", format!("Could not find the {what}: {id}"))
}

/// A token that is not made for this team.
pub(super) fn foreign(scope: &str) -> Refusal {
    let message = format!(
        "Not authorized: Trying to access resource under scope \"{scope}\". You must re-authenticate to this scope or \
         use a token with access to this scope."
    );
    Refusal::new(403, &format!("forbidden {scope}"), message)
}

pub(super) fn shape(refusal: &Refusal) -> Reply {
    let (code, more) = refusal.code.split_once(' ').unwrap_or((&refusal.code, ""));
    let mut error = json!({"code": code, "message": refusal.message});
    match (code, more) {
        ("forbidden", "invalidToken") => error["invalidToken"] = json!(true),
        ("forbidden", scope) if !scope.is_empty() => {
            error["saml"] = json!(true);
            error["teamId"] = json!(null);
            error["scope"] = json!(scope);
            error["enforced"] = json!(false);
        }
        ("rate_limited", _) => {
            let header = |name: &str| -> u64 {
                let value = refusal.headers.iter().find(|(known, _)| *known == name);
                value.and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
            };
            let (total, reset) = (header("x-ratelimit-limit"), header("x-ratelimit-reset"));
            error["message"] =
                json!(format!("The rate limit of {total} exceeded for 'api'. Try again later"));
            error["limit"] = json!({"remaining": 0, "reset": reset, "resetMs": reset * 1000, "total": total});
        }
        _ => {}
    }
    Reply::json(refusal.status, &json!({"error": error}))
}
