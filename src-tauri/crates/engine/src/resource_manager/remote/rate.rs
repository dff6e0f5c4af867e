use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Printable, Reader, Shape};

/// How often an API may be asked: `60/min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    pub times: NonZeroU32,
    pub span: Duration,
}

const SPANS: [(&str, u64); 11] = [
    ("s", 1),
    ("sec", 1),
    ("second", 1),
    ("m", 60),
    ("min", 60),
    ("minute", 60),
    ("h", 3600),
    ("hour", 3600),
    ("d", 86400),
    ("day", 86400),
    ("10s", 10),
];

impl Rate {
    /// Where nothing is documented. What polling needs is half of it.
    pub const USUAL: Self = Self::per_minute(60);

    /// # Panics
    /// When it is never.
    pub const fn per_minute(times: u32) -> Self {
        Self::within(times, 60)
    }

    /// # Panics
    /// When it is never.
    pub const fn within(times: u32, seconds: u64) -> Self {
        let times = NonZeroU32::new(times).expect("an API may be asked at times");
        Self { times, span: Duration::from_secs(seconds) }
    }

    fn parse(text: &str) -> Option<Self> {
        let (times, span) = text.split_once('/')?;
        let (_, seconds) = SPANS.iter().find(|(name, _)| *name == span.trim())?;
        Some(Self { times: times.trim().parse().ok()?, span: Duration::from_secs(*seconds) })
    }
}

impl Shape for Rate {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[1-9][0-9]* */ *(10s|s|sec|second|m|min|minute|h|hour|d|day)$" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let rate = match &node.value {
            Value::Text(text) => Self::parse(text),
            _ => None,
        };
        rate.or_else(|| reader.unexpected(node, "requests in a time, such as `60/min`, `10/s` or `1000/h`"))
    }
}

impl Printable for Rate {
    fn printed(&self) -> Json {
        let seconds = self.span.as_secs();
        let named = SPANS.iter().rev().find(|(name, span)| *span == seconds && name.len() < 4);
        json!(format!("{}/{}", self.times, named.map_or("s", |(name, _)| name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_requests_in_a_time() {
        for (text, times, seconds) in [("60/min", 60, 60), ("10 / s", 10, 1), ("1000/h", 1000, 3600)] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.times.get(), rate.span.as_secs()), (times, seconds), "{text}");
        }
        for text in ["60", "0/s", "-1/s", "60/fortnight", "/min", "many/min"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
        assert_eq!(Rate::USUAL.printed(), json!("60/min"));
    }
}
