use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Position, Value};
use crate::schema::{Fields, Reader, Record, Shape};

/// Where within the container a file or folder of this machine is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Mount {
    pub target: String,
    pub at: Position,
    pub read_only: bool,
}

struct Long {
    target: Option<Inside>,
    read_only: bool,
}

impl Record for Long {
    const MEANING: &'static str = "Where a file or folder of this machine is seen.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("readonly", "read_only"), ("ro", "read_only")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            target: fields.required("target", "The path within the container.", "/etc/app.yaml"),
            read_only: fields.or("read_only", "Whether the container can't write to it.", false),
        }
    }
}

/// An absolute path within a container.
#[derive(Debug, Clone, PartialEq)]
pub struct Inside(pub String);

impl Shape for Inside {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^/." })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.starts_with('/') && text.len() > 1 => {
                String::decode(node, reader).map(Self)
            }
            _ => reader.unexpected(node, "an absolute path within the container, such as `/data`"),
        }
    }
}

impl Shape for Mount {
    fn schema() -> Json {
        json!({ "anyOf": [Inside::schema(), Long::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let (target, read_only) = match &node.value {
            Value::Map(_) => {
                let long = Long::decode(node, reader)?;
                (long.target?, long.read_only)
            }
            _ => (Inside::decode(node, reader)?, false),
        };
        Some(Self { target: target.0, at: node.at, read_only })
    }
}
