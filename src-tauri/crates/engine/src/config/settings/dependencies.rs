use serde_json::{Value as Json, json};

use crate::config::spec::Condition;
use crate::schema::tree::{Key, Node, Value};
use crate::schema::{Entries, Placed, Reader, Shape, Word, Words};

/// What a service waits for, with the place of each name. Without a condition it is what is usual for the other one.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::config) struct Dependencies(pub Vec<(Placed<String>, Option<Condition>)>);

impl Word for Condition {
    const WORDS: &'static [(&'static str, Self)] =
        &[("started", Self::Started), ("healthy", Self::Healthy), ("completed", Self::Completed)];
}

impl Shape for Dependencies {
    fn schema() -> Json {
        json!({ "anyOf": [Vec::<String>::schema(), Entries::<Words<Condition>>::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::List(_) => {
                let names = Vec::<Placed<String>>::decode(node, reader)?;
                Some(Self(names.into_iter().map(|name| (name, None)).collect()))
            }
            Value::Map(_) => {
                let Entries(entries) = Entries::<Words<Condition>>::decode(node, reader)?;
                let dependency = |(Key { text, at }, condition): (Key, Option<Words<Condition>>)| {
                    (Placed { value: text, at }, condition.map(|Words(condition)| condition))
                };
                Some(Self(entries.into_iter().map(dependency).collect()))
            }
            _ => reader.unexpected(
                node,
                "a list of services, or a map from services to `started`, `healthy` or `completed`",
            ),
        }
    }
}
