use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Reader, Shape};

/// Less would not hold the story of one failed start.
const LEAST: u64 = 1 << 20;

/// More is a mistake of the unit.
const MOST: u64 = 16 << 30;

/// As people write them; both kinds are taken at their word.
const UNITS: [(&str, u64); 6] = [
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("kB", 1_000),
];

const RIGHT: &str = "a size from 1MiB to 16GiB with its unit, such as `64MiB` or `2GiB`";

/// How much of a log is kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Keep(pub u64);

impl Shape for Keep {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": r"^\d+(\.\d+)? *(KiB|MiB|GiB|kB|MB|GB)$" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        read(node).map(Self).or_else(|| reader.unexpected(node, RIGHT))
    }
}

fn read(node: &Node) -> Option<u64> {
    let Value::Text(text) = &node.value else { return None };
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?.1;
    #[expect(clippy::cast_precision_loss, reason = "a power of ten or two below 2^53")]
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    #[expect(clippy::cast_precision_loss, reason = "both are below 2^53")]
    let fits = (LEAST as f64..=MOST as f64).contains(&bytes);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    fits.then_some(bytes as u64)
}
