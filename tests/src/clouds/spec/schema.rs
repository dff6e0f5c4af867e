//! As much of JSON Schema, in the dialect of OpenAPI 3.0, as the vendors' descriptions use. An object may have no member
//! that its schema doesn't name: a name spelled wrong is what a stand-in gets wrong first.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

/// Where, and what.
pub(crate) type Fault = String;

/// What a `$ref` leads to, if it is one.
pub(super) fn resolved<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        schema = document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
    }
    schema
}

/// `is_whole`: whether all members are named here, and not by another part of an `allOf` as well.
pub(super) fn check(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    is_whole: bool,
    faults: &mut Vec<Fault>,
) {
    let schema = resolved(document, schema);
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, at, false, faults);
    }
    for kind in ["anyOf", "oneOf"] {
        let Some(parts) = schema[kind].as_array() else { continue };
        let tries = parts.iter().map(|part| {
            let mut faults = Vec::new();
            check(document, part, value, at, is_whole, &mut faults);
            faults
        });
        let tries: Vec<_> = tries.collect();
        let fitting = tries.iter().filter(|faults| faults.is_empty()).count();
        match (fitting, kind) {
            (0, _) => faults.push(format!("{at}: {value} is none of {kind}: {tries:?}")),
            (2.., "oneOf") => faults.push(format!("{at}: {value} is more than one of oneOf")),
            _ => {}
        }
    }
    check_kind(schema, value, at, faults);
    check_object(document, schema, value, at, is_whole, faults);
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (place, value) in values.iter().enumerate() {
            check(document, items, value, &format!("{at}[{place}]"), true, faults);
        }
    }
}

fn check_object(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    is_whole: bool,
    faults: &mut Vec<Fault>,
) {
    let Some(members) = value.as_object() else { return };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    faults.extend(
        required.filter(|name| !members.contains_key(*name)).map(|name| format!("{at}: it lacks {name}")),
    );
    let known = names(document, schema);
    for (name, member) in members {
        let at = format!("{at}.{name}");
        if let Some(schema) = schema["properties"].get(name) {
            check(document, schema, member, &at, true, faults);
        } else if schema["additionalProperties"].is_object() {
            check(document, &schema["additionalProperties"], member, &at, true, faults);
        } else if is_whole && known.as_ref().is_some_and(|known| !known.contains(name)) {
            faults.push(format!("{at}: nobody knows it"));
        }
    }
}

/// The members that an object may have. None: any.
fn names(document: &Value, schema: &Value) -> Option<BTreeSet<String>> {
    let schema = resolved(document, schema);
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    let mut names: BTreeSet<String> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut is_open = names.is_empty();
    for part in parts {
        names.extend(self::names(document, part)?);
        is_open = false;
    }
    let more = &schema["additionalProperties"];
    is_open &= *more != Value::Bool(false);
    (!is_open && !more.is_object() && *more != Value::Bool(true)).then_some(names)
}

fn check_kind(schema: &Value, value: &Value, at: &str, faults: &mut Vec<Fault>) {
    let is_of_kind = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        _ => true,
    };
    if !is_of_kind {
        faults.push(format!("{at}: {value} is no {}", schema["type"]));
        return;
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    let beyond = |word: &str, size: f64| match (word.starts_with("min"), schema[word].as_f64()) {
        (true, Some(bound)) => size < bound,
        (false, Some(bound)) => size > bound,
        (_, None) => false,
    };
    let mut bounds: Vec<(&str, f64)> = Vec::new();
    if let Some(number) = value.as_f64() {
        bounds.extend([("minimum", number), ("maximum", number)]);
    }
    if let Some(text) = value.as_str() {
        let length = f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        bounds.extend([("minLength", length), ("maxLength", length)]);
        let is_wrong = |pattern: &str| !Regex::new(pattern).unwrap().is_match(text);
        if schema["pattern"].as_str().is_some_and(is_wrong) || !has_format(&schema["format"], text) {
            faults.push(format!("{at}: {value} is not as {} {} has it", schema["pattern"], schema["format"]));
        }
    }
    let broken = bounds.into_iter().filter(|(word, size)| beyond(word, *size));
    faults.extend(broken.map(|(word, _)| format!("{at}: {value} is against {word}")));
}

fn has_format(format: &Value, text: &str) -> bool {
    let pattern = match format.as_str() {
        Some("date-time") => r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
        Some("uuid") => "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        Some("email") => "^[^@ ]+@[^@ ]+$",
        Some("uri") => "^[a-z]+:[^ ]+$",
        _ => return true,
    };
    Regex::new(pattern).unwrap().is_match(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_against_a_schema_is_found() {
        let document = json!({"x": {"type": "object", "properties": {"a": {"type": "string", "enum": ["1"]}}, "required": ["a"]}});
        let whole = json!({"allOf": [{"$ref": "#/x"}, {"properties": {"b": {"type": "integer", "nullable": true, "maximum": 3}}}]});
        let faults = |value: Value| {
            let mut faults = Vec::new();
            check(&document, &whole, &value, "it", true, &mut faults);
            faults.len()
        };
        for (value, wanted) in [
            (json!({"a": "1", "b": 3}), 0),
            (json!({"a": "1", "b": null}), 0),
            (json!({"a": "2"}), 1),
            (json!({"a": 1}), 1),
            (json!({}), 1),
            (json!({"a": "1", "b": 4}), 1),
            (json!({"a": "1", "c": 4}), 1),
            (json!([]), 1),
        ] {
            assert_eq!(faults(value.clone()), wanted, "{value}");
        }
        let one = json!({"oneOf": [{"type": "string", "format": "uuid"}, {"type": "string", "pattern": "^[a-z]+$"}]});
        let mut found = Vec::new();
        check(&document, &one, &json!("abc"), "it", true, &mut found);
        assert_eq!(found, Vec::<String>::new());
        check(&document, &one, &json!("A"), "it", true, &mut found);
        assert_eq!(found.len(), 1);
    }
}
