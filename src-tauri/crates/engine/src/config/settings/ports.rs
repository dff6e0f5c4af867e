use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Entries, Placed, PortSetting, Reader, Shape};

/// The value of a service's `ports`, in the order of the file. Empty only after a problem was reported: a service
/// whose ports can't be read must not look like one that has the default.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct NamedPorts(pub Entries<Placed<PortSetting>>);

impl Shape for NamedPorts {
    fn schema() -> Json {
        let mut schema = Entries::<PortSetting>::schema();
        schema["minProperties"] = json!(1);
        schema["propertyNames"] = json!({ "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,62}$" });
        schema
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Map(entries) if !entries.is_empty() => Entries::decode(node, reader).map(Self),
            Value::Map(_) => {
                let message = format!("`{}` is empty", reader.path());
                let problem = Problem::new(ErrorCode::ConfigInvalidValue, message)
                    .hint("a service that serves nothing says `port: none` instead");
                reader.report(node.at, problem);
                Some(Self(Entries::default()))
            }
            _ => {
                let right = "a map from names to ports, such as `{http: auto, metrics: 9464}`";
                let problem = reader.mismatch(node, right).hint("a single port is written with `port`");
                reader.report(node.at, problem);
                Some(Self(Entries::default()))
            }
        }
    }
}
