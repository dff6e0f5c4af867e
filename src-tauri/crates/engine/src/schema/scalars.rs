use std::num::NonZeroU32;

use serde_json::{Value as Json, json};

use super::words::{Word, Words};
use super::{Reader, Shape};
use crate::schema::tree::{Node, Value};

/// What can be shown as a default in the JSON Schema, the way a file would write it.
pub(crate) trait Printable {
    fn printed(&self) -> Json;
}

impl<W: Word> Printable for Words<W> {
    fn printed(&self) -> Json {
        json!(self.0.word())
    }
}

/// Reports a text that no process can be given.
fn without_nul(text: &str, node: &Node, reader: &mut Reader) -> Option<String> {
    if text.contains('\0') {
        return reader.unexpected(node, "a text without NUL characters");
    }
    Some(text.to_owned())
}

impl Shape for String {
    fn schema() -> Json {
        json!({ "type": "string" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) => without_nul(text, node, reader),
            Value::Number(_) | Value::Bool(_) => reader.unexpected(node, "a text; put it in quotes"),
            Value::Null | Value::List(_) | Value::Map(_) => reader.unexpected(node, "a text"),
        }
    }
}

/// A text that may also be written as a number or a truth value, and then keeps its spelling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scalar(pub String);

impl Shape for Scalar {
    fn schema() -> Json {
        json!({ "type": ["string", "number", "boolean"] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) => without_nul(text, node, reader).map(Self),
            Value::Number(number) => Some(Self(number.text.clone())),
            Value::Bool(value) => Some(Self(value.to_string())),
            Value::Null => reader.unexpected(node, "a text; an empty one is written `\"\"`"),
            Value::List(_) | Value::Map(_) => reader.unexpected(node, "a text, a number, `true` or `false`"),
        }
    }
}

impl Shape for bool {
    fn schema() -> Json {
        json!({ "type": "boolean" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => reader.unexpected(node, "`true` or `false`"),
        }
    }
}

impl Printable for bool {
    fn printed(&self) -> Json {
        json!(self)
    }
}

impl Shape for u32 {
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 0 })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Number(number) if number.whole().is_some() => number.whole(),
            _ => reader.unexpected(node, "a whole number from 0"),
        }
    }
}

impl Printable for u32 {
    fn printed(&self) -> Json {
        json!(self)
    }
}

impl Shape for NonZeroU32 {
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1 })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Number(number) if number.whole().is_some_and(|value| value > 0) => {
                number.whole().and_then(Self::new)
            }
            _ => reader.unexpected(node, "a whole number from 1"),
        }
    }
}

impl Printable for NonZeroU32 {
    fn printed(&self) -> Json {
        json!(self)
    }
}
