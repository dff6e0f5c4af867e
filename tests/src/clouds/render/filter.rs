//! Pages and filters of lists. A page tells with each of its things where the next one would begin.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clouds::shared::{Call, Refusal, Reply, rfc3339};

pub(super) fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "", message)
}

/// These things, each with its id, as `{"cursor", NAME: …}`.
pub(super) fn page(call: &Call, name: &str, things: Vec<(String, Value)>) -> Result<Reply, Refusal> {
    let limit = match call.asked("limit") {
        None => 20,
        Some(asked) => asked
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| bad("limit must be between 1 and 100"))?,
    };
    let begin = match call.asked("cursor") {
        None | Some("") => 0,
        Some(cursor) => {
            let id = STANDARD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let place = id.and_then(|id| things.iter().position(|(known, _)| *known == id));
            place.ok_or_else(|| bad("invalid cursor"))? + 1
        }
    };
    let page = things.into_iter().skip(begin).take(limit);
    let page: Vec<Value> =
        page.map(|(id, thing)| json!({"cursor": STANDARD.encode(id), name: thing})).collect();
    Ok(Reply::json(200, &Value::Array(page)))
}

/// Whether it is one of the values that are asked for; commas and repetition both make several.
pub(super) fn is_one_of(call: &Call, name: &str, value: &str) -> bool {
    let mut asked = call
        .query
        .iter()
        .filter(|(known, _)| known == name)
        .flat_map(|(_, values)| values.split(','))
        .peekable();
    asked.peek().is_none() || asked.any(|one| one == value)
}

/// Whether a moment is within `NAMEBefore` and `NAMEAfter`. What has no moment is not.
pub(super) fn is_within(call: &Call, name: &str, time: Option<SystemTime>) -> Result<bool, Refusal> {
    let time = time.map(|time| comparable(&rfc3339(time))).transpose()?;
    let bound = |side: &str| call.asked(&format!("{name}{side}")).map(comparable).transpose();
    let (before, after) = (bound("Before")?, bound("After")?);
    Ok(before.is_none_or(|before| time.as_ref().is_some_and(|time| *time < before))
        && after.is_none_or(|after| time.is_some_and(|time| time > after)))
}

/// Times of UTC, so written that their order is that of the texts.
fn comparable(time: &str) -> Result<String, Refusal> {
    let wrong = || bad(format!("invalid time {time:?}: want RFC 3339"));
    let utc = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).ok_or_else(wrong)?;
    let (second, part) = utc.split_once('.').unwrap_or((utc, ""));
    let is_time =
        second.len() == 19 && second.as_bytes()[10] == b'T' && part.bytes().all(|byte| byte.is_ascii_digit());
    if is_time { Ok(format!("{second}.{part:0<9}")) } else { Err(wrong()) }
}
