use serde_json::{Value as Json, json};

use crate::config::declaration::{OnChangeFile, WatchFile};
use crate::config::spec::OnChange;
use crate::schema::tree::{Node, Value};
use crate::schema::{OneOrMany, Placed, Reader, Shape};

/// `watch: src`, a list of paths, or a map with all settings.
#[derive(Debug)]
pub(in crate::config) struct Watch(pub WatchFile);

impl Shape for Watch {
    fn schema() -> Json {
        json!({ "anyOf": [OneOrMany::<String>::schema(), WatchFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Map(_) = node.value {
            return WatchFile::decode(node, reader).map(Self);
        }
        let OneOrMany(paths) = OneOrMany::<Placed<String>>::decode(node, reader)?;
        Some(Self(WatchFile { paths, ignore: vec![] }))
    }
}

/// `on_change: restart`, or `on_change: {signal: HUP}`.
#[derive(Debug)]
pub(in crate::config) struct OnChangeSetting(pub OnChange);

impl Shape for OnChangeSetting {
    fn schema() -> Json {
        json!({ "anyOf": [{ "const": "restart" }, OnChangeFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "restart" => Some(Self(OnChange::Restart)),
            Value::Map(_) => {
                let OnChangeFile { signal } = OnChangeFile::decode(node, reader)?;
                signal.map(|signal| Self(OnChange::Signal(signal.0)))
            }
            _ => reader.unexpected(node, "`restart`, or a map such as `{signal: HUP}`"),
        }
    }
}
