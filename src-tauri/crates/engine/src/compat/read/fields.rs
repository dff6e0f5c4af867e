//! Values as Python's `json` and PyYAML wrote them: a number may be a float or a text, and anything may be null.

use kinfra_rpc::PortRange;
use serde_json::{Map, Value};

pub type Object = Map<String, Value>;

/// The whole of a JSON file.
///
/// # Errors
/// Where it breaks off or is broken, in words.
pub fn json(text: &str) -> Result<Object, String> {
    object(serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?)
}

/// The whole of a YAML file.
///
/// # Errors
/// As [`json`].
pub fn yaml(text: &str) -> Result<Object, String> {
    object(serde_saphyr::from_str(text).map_err(|error| {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        format!("it is no YAML: {first}")
    })?)
}

fn object(value: Value) -> Result<Object, String> {
    match value {
        Value::Object(object) => Ok(object),
        Value::Null => Err("it is empty".to_owned()),
        other => Err(format!("it holds {} instead of keys and values", kind(&other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "keys and values",
    }
}

/// A text that says something.
pub fn text(object: &Object, key: &str) -> Option<String> {
    let text = object.get(key)?.as_str()?.trim();
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

pub fn section<'o>(object: &'o Object, key: &str) -> Option<&'o Object> {
    object.get(key)?.as_object()
}

pub fn is_on(object: &Object, key: &str) -> bool {
    match object.get(key) {
        Some(Value::Bool(on)) => *on,
        Some(Value::String(text)) => ["1", "true", "yes", "on"].contains(&text.to_lowercase().as_str()),
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    }
}

/// A port, where there is any.
///
/// # Errors
/// What is there instead.
pub fn port(value: Option<&Value>) -> Result<Option<u16>, String> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let number = number(value).filter(|number| number.fract() == 0.0 && (1.0..=65_535.0).contains(number));
    // It is whole and small enough by then.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    number.map(|number| Some(number as u16)).ok_or_else(|| format!("{value} is no port"))
}

pub fn pid(value: Option<&Value>) -> Option<u32> {
    let pid = u32::try_from(value?.as_u64()?).ok()?;
    // 0 is no process, and 1 the machine's.
    (pid > 1).then_some(pid)
}

pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// # Errors
/// What is there instead.
pub fn range(first: Option<&Value>, last: Option<&Value>) -> Result<Option<PortRange>, String> {
    match (port(first)?, port(last)?) {
        (None, None) => Ok(None),
        (Some(first), Some(last)) if first <= last => Ok(Some(PortRange { first, last })),
        (first, last) => {
            let shown = |port: Option<u16>| port.map_or("nothing".to_owned(), |port| port.to_string());
            Err(format!("{} to {} is no range of ports", shown(first), shown(last)))
        }
    }
}

/// A host name, in lower case.
///
/// # Errors
/// What is there instead.
pub fn hostname(text: &str) -> Result<String, String> {
    let name = text.trim().trim_end_matches('.').to_lowercase();
    let name = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(&name);
    let name = name.split(['/', ':']).next().unwrap_or_default();
    let is_label = |label: &str| {
        let is_fit =
            |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(is_fit)
    };
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let is_one = name.len() <= 253 && labels.contains('.') && labels.split('.').all(is_label);
    if is_one { Ok(name.to_owned()) } else { Err(format!("{text:?} is no host name")) }
}
