use rustix::process::Signal as Known;
use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Printable, Reader, Shape};

/// The number of a signal, which differs between systems for the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Signal(pub i32);

/// Those that a program is asked to end with.
const NAMES: [(&str, Known); 7] = [
    ("HUP", Known::HUP),
    ("INT", Known::INT),
    ("QUIT", Known::QUIT),
    ("KILL", Known::KILL),
    ("USR1", Known::USR1),
    ("USR2", Known::USR2),
    ("TERM", Known::TERM),
];

/// Linux has 64 signals (signal(7)), macOS 31.
const HIGHEST: u32 = 64;

impl Signal {
    pub const TERM: Self = Self(Known::TERM.as_raw());
}

impl Shape for Signal {
    fn schema() -> Json {
        let names = NAMES.iter().flat_map(|(name, _)| [format!("SIG{name}"), (*name).to_owned()]);
        json!({ "anyOf": [
            { "enum": names.collect::<Vec<_>>() },
            { "type": "integer", "minimum": 1, "maximum": HIGHEST },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let number = match &node.value {
            Value::Text(text) => {
                let name = text.strip_prefix("SIG").unwrap_or(text);
                NAMES.iter().find(|(known, _)| *known == name).map(|(_, signal)| signal.as_raw())
            }
            Value::Number(number) => {
                let whole = number.whole().filter(|number| (1..=HIGHEST).contains(number));
                whole.and_then(|number| i32::try_from(number).ok())
            }
            _ => None,
        };
        let right = "a signal such as `SIGTERM`, `SIGINT` or `SIGQUIT`, or its number";
        number.map(Self).or_else(|| reader.unexpected(node, right))
    }
}

impl Printable for Signal {
    fn printed(&self) -> Json {
        let name = NAMES.iter().find(|(_, signal)| signal.as_raw() == self.0);
        name.map_or(json!(self.0), |(name, _)| json!(format!("SIG{name}")))
    }
}
