use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Reader, Shape};

/// As Docker writes them: powers of 1024.
const UNITS: [(&str, f64); 9] = [
    ("", 1.0),
    ("b", 1.0),
    ("k", 1024.0),
    ("kb", 1024.0),
    ("m", 1048576.0),
    ("mb", 1048576.0),
    ("g", 1073741824.0),
    ("gb", 1073741824.0),
    ("t", 1099511627776.0),
];

/// Of memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub i64);

impl Shape for Size {
    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s?([bBkKmMgGtT]|[kKmMgG][bB])?$" },
            { "type": "integer", "minimum": 1 },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let size = match &node.value {
            Value::Number(number) => bytes(&number.text),
            Value::Text(text) => bytes(text),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
        };
        size.map(Self).or_else(|| reader.unexpected(node, "a size such as `512m` or `2g`"))
    }
}

fn bytes(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit)?.1;
    let bytes = number.parse::<f64>().ok()? * factor;
    #[expect(clippy::cast_possible_truncation, reason = "checked by the condition")]
    (1.0..=1e15).contains(&bytes).then_some(bytes as i64)
}

/// Of processors, in billionths, as Docker counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processors(pub i64);

impl Shape for Processors {
    fn schema() -> Json {
        json!({ "type": "number", "exclusiveMinimum": 0 })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            #[expect(clippy::cast_possible_truncation, reason = "checked by the condition")]
            Value::Number(number) if (0.01..=10_000.0).contains(&number.value) => {
                Some(Self((number.value * 1e9).round() as i64))
            }
            _ => reader.unexpected(node, "a number of processors such as `1.5`, at least 0.01"),
        }
    }
}
