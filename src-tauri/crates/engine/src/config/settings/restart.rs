use serde_json::{Value as Json, json};

use crate::config::declaration::RestartFile;
use crate::config::spec::RestartPolicy;
use crate::schema::tree::{Node, Value};
use crate::schema::{Fields, Reader, Shape, Word, Words};

/// `restart: always`, or a map with all its settings.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct Restart(pub RestartFile);

impl Word for RestartPolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("always", Self::Always), ("on-failure", Self::OnFailure), ("never", Self::Never)];
}

impl Shape for Restart {
    fn schema() -> Json {
        json!({ "anyOf": [Words::<RestartPolicy>::schema(), RestartFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Map(_) => RestartFile::decode(node, reader).map(Self),
            _ => Words::decode(node, reader).map(|policy| Self(RestartFile { policy, ..Fields::defaults() })),
        }
    }
}
