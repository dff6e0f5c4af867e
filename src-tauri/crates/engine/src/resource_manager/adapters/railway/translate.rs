//! Railway answers refusals with a status that says success, and with one code for nearly all of them: what is meant is
//! told by its words.

use serde::Deserialize;

use crate::resource_manager::remote::Answer;

#[derive(Deserialize)]
struct Refusals {
    errors: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Option<String>,
}

pub fn translate(answer: &mut Answer) {
    if answer.status != 200 {
        return;
    }
    let Ok(Refusals { errors }) = serde_json::from_slice(&answer.body) else { return };
    if let Some(status) = errors.first().and_then(meant) {
        answer.status = status;
    }
}

/// As HTTP says it. None: in no way that is known.
fn meant(refusal: &Refusal) -> Option<u16> {
    let said = refusal.message.to_lowercase();
    let has = |words: &str| said.contains(words);
    let code = refusal.extensions.as_ref().and_then(|extensions| extensions.code.as_deref());
    match code {
        // It is in that state already, or can't get there from its own.
        Some("BAD_USER_INPUT") => Some(409),
        _ if has("project token not found") => Some(401),
        _ if has("not authorized") || has("two factor authentication") => Some(403),
        _ if has("not found") => Some(404),
        _ if has("rate limit") => Some(429),
        _ if has("problem processing request") => Some(500),
        _ => None,
    }
}
