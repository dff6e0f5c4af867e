use serde_json::{Value as Json, json};

use crate::config::declaration::HttpFile;
use crate::config::spec::Listener;
use crate::schema::tree::{Node, Value};
use crate::schema::{Fields, Placed, Reader, Shape, Word};

impl Word for Listener {
    const WORDS: &'static [(&'static str, Self)] = &[("own", Self::Own), ("any", Self::Any)];
}

/// `http: /health`, or a map with all its settings.
#[derive(Debug)]
pub(in crate::config) struct Http(pub HttpFile);

impl Shape for Http {
    fn schema() -> Json {
        json!({ "anyOf": [String::schema(), HttpFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Map(_) = node.value {
            return HttpFile::decode(node, reader).map(Self);
        }
        let path = Placed::decode(node, reader)?;
        Some(Self(HttpFile { path: Some(path), ..Fields::defaults() }))
    }
}
