use serde_json::{Value as Json, json};

use crate::config::schema::{Printable, Reader, Shape};
use crate::config::spec::PortSpec;
use crate::config::tree::{Node, Value};

impl Shape for PortSpec {
    fn schema() -> Json {
        json!({ "anyOf": [
            { "enum": ["auto", "none"] },
            { "type": "integer", "minimum": 1, "maximum": u16::MAX },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let number = match &node.value {
            Value::Text(word) if word == "auto" => return Some(Self::Auto),
            Value::Text(word) if word == "none" => return Some(Self::None),
            Value::Number(number) => number.whole().and_then(|number| u16::try_from(number).ok()),
            _ => None,
        };
        match number {
            Some(number) if number > 0 => Some(Self::Fixed(number)),
            _ => reader.unexpected(node, "a number from 1 to 65535, `auto` or `none`"),
        }
    }
}

impl Printable for PortSpec {
    fn printed(&self) -> Json {
        match self {
            Self::Auto => json!("auto"),
            Self::Fixed(number) => json!(number),
            Self::None => json!("none"),
        }
    }
}
