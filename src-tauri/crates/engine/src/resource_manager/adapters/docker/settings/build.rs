use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Position, Value};
use crate::schema::{Entries, Fields, Placed, Reader, Record, Scalar, Shape};

/// What an image is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// Relative to the project's folder.
    pub context: String,
    /// Within the context.
    pub dockerfile: Option<String>,
    pub arguments: Entries<Placed<Scalar>>,
    pub target: Option<String>,
    pub at: Position,
}

struct Long {
    context: Option<String>,
    dockerfile: Option<String>,
    arguments: Entries<Placed<Scalar>>,
    target: Option<String>,
}

impl Record for Long {
    const MEANING: &'static str = "What an image is built from.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            context: fields.required("context", "The folder, relative to the project's.", "./infra/db"),
            dockerfile: fields.optional("dockerfile", "The file in it that says how. Default: `Dockerfile`."),
            arguments: fields
                .optional("args", "What its `ARG`s are. They can be read from the image: no secrets.")
                .unwrap_or_default(),
            target: fields.optional("target", "The stage to build. Default: the last."),
        }
    }
}

impl Shape for Build {
    fn schema() -> Json {
        json!({ "anyOf": [{ "type": "string", "minLength": 1 }, Long::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let long = match &node.value {
            Value::Map(_) => Long::decode(node, reader)?,
            _ => Long {
                context: Some(String::decode(node, reader)?),
                dockerfile: None,
                arguments: Entries::default(),
                target: None,
            },
        };
        Some(Self {
            context: long.context?,
            dockerfile: long.dockerfile,
            arguments: long.arguments,
            target: long.target,
            at: node.at,
        })
    }
}
