use kinfra_rpc::Problem;
use serde_json::Value as Json;

use super::values::Body;

type Expand<'e> = &'e dyn Fn(&str) -> Result<String, Problem>;

/// What a request carries, with its type.
///
/// # Errors
/// When it refers to nothing.
pub(super) fn carried(body: &Body, expand: Expand<'_>) -> Result<(&'static str, Vec<u8>), Problem> {
    match &body.value {
        Json::String(text) => Ok(("text/plain; charset=utf-8", expand(text)?.into_bytes())),
        value => Ok(("application/json", expanded(value, expand)?.to_string().into_bytes())),
    }
}

fn expanded(value: &Json, expand: Expand<'_>) -> Result<Json, Problem> {
    Ok(match value {
        Json::String(text) => Json::String(expand(text)?),
        Json::Array(items) => {
            Json::Array(items.iter().map(|item| expanded(item, expand)).collect::<Result<_, _>>()?)
        }
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), expanded(value, expand)?)));
            Json::Object(entries.collect::<Result<_, Problem>>()?)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    })
}
