use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Printable, Reader, Shape};
use crate::schema::tree::{Node, Value};

/// Longer waits are a mistake of the unit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Shorter periods keep the machine busy.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);

const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

const RIGHT: &str = "a time up to 24h, such as `500ms`, `10s`, `2m`, or a number of seconds";

impl Shape for Duration {
    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h)?$" },
            { "type": "number", "minimum": 0 },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        read(node).or_else(|| reader.unexpected(node, RIGHT))
    }
}

/// A time that isn't zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Period(pub Duration);

impl Shape for Period {
    fn schema() -> Json {
        Duration::schema()
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match read(node) {
            Some(duration) if duration >= SHORTEST_PERIOD => Some(Self(duration)),
            Some(_) => reader.unexpected(node, "at least `10ms`"),
            None => reader.unexpected(node, RIGHT),
        }
    }
}

fn read(node: &Node) -> Option<Duration> {
    let seconds = match &node.value {
        Value::Number(number) => number.value,
        Value::Text(text) => {
            let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
            let (number, unit) = text.split_at(digits);
            let factor = match unit.trim() {
                "" => 1.0,
                unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
            };
            number.parse::<f64>().ok()? * factor
        }
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => return None,
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= LONGEST)
}

impl Printable for Duration {
    fn printed(&self) -> Json {
        let whole_seconds = self.subsec_millis() == 0;
        json!(if whole_seconds { format!("{}s", self.as_secs()) } else { format!("{}ms", self.as_millis()) })
    }
}

impl Printable for Period {
    fn printed(&self) -> Json {
        self.0.printed()
    }
}
