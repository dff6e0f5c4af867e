use serde_json::{Value as Json, json};

use super::{Reader, Scalar, Shape};
use crate::schema::tree::{Node, Value};

/// What is executed. The texts may hold `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Run {
    /// Executed as it is.
    Program(Vec<String>),
    /// For `/bin/sh -c`.
    Shell(String),
}

impl Run {
    /// Each text of it in which references may stand.
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            Self::Program(words) => words,
            Self::Shell(text) => std::slice::from_ref(text),
        }
    }
}

impl Shape for Run {
    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "items": Scalar::schema(), "minItems": 1 },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => reader.unexpected(node, "a command"),
            Value::Text(_) => String::decode(node, reader).map(Self::Shell),
            Value::List(items) => {
                let words: Vec<_> =
                    Vec::<Scalar>::decode(node, reader)?.into_iter().map(|word| word.0).collect();
                match words.first() {
                    Some(program) if !program.trim().is_empty() => Some(Self::Program(words)),
                    _ if words.len() < items.len() => None,
                    _ => reader.unexpected(node, "a list that begins with a program"),
                }
            }
            _ => reader.unexpected(node, "a text for the shell, or a list of a program and its arguments"),
        }
    }
}
