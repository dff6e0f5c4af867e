use serde_json::{Value as Json, json};

use super::Reader;
use crate::schema::tree::{Key, Node, Position, Value};

/// Something that a configuration can say at one place.
pub(crate) trait Shape: Sized {
    /// What a value may look like, as JSON Schema.
    fn schema() -> Json;

    /// None after a problem was reported.
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self>;
}

/// A value that remembers where it stood, for problems that show only later.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed<T> {
    pub value: T,
    pub at: Position,
}

impl<T: Shape> Shape for Placed<T> {
    fn schema() -> Json {
        T::schema()
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::decode(node, reader).map(|value| Self { value, at: node.at })
    }
}

/// A map whose keys are the user's own names, in the order of the file. An entry that can't be decoded keeps its
/// name, so that references to it raise no second problem.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entries<T>(pub Vec<(Key, Option<T>)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Shape> Shape for Entries<T> {
    fn schema() -> Json {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            return reader.unexpected(node, "a map: `name: …` for each");
        };
        let decode = |(key, value): &(Key, Node)| {
            (key.clone(), reader.within(&key.text, |reader| T::decode(value, reader)))
        };
        Some(Self(entries.iter().map(decode).collect()))
    }
}

/// A list; items that can't be decoded are left out after their problem was reported.
impl<T: Shape> Shape for Vec<T> {
    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema() })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::List(items) = &node.value else {
            return reader.unexpected(node, "a list");
        };
        Some(items.iter().filter_map(|item| T::decode(item, reader)).collect())
    }
}
