use kinfra_rpc::PortRange;
use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Reader, Shape, number, single};

const RIGHT: &str = "two ports with a dash between them, the lower one first, such as `8000-8999`";

/// Ports to choose from: always written with both ends, since a single number is more often a mistake.
impl Shape for PortRange {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[1-9][0-9]{0,4} *- *[1-9][0-9]{0,4}$" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match single(node) {
            Some(port) => {
                let hint = format!("a range of one port is written `{port}-{port}`");
                let problem = reader.mismatch(node, RIGHT).hint(hint);
                reader.report(node.at, problem);
                None
            }
            None => range(node).or_else(|| reader.unexpected(node, RIGHT)),
        }
    }
}

/// One port, or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct PortOrRange(pub PortRange);

impl Shape for PortOrRange {
    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": u16::MAX },
            { "type": "string", "pattern": "^[1-9][0-9]{0,4}( *- *[1-9][0-9]{0,4})?$" },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let one = || single(node).and_then(|port| PortRange::new(port, port));
        let right = "a port, or a range of ports such as `6000-6100`, the lower one first";
        range(node).or_else(one).map(Self).or_else(|| reader.unexpected(node, right))
    }
}

fn range(node: &Node) -> Option<PortRange> {
    let Value::Text(text) = &node.value else { return None };
    let (first, last) = text.split_once('-')?;
    PortRange::new(number(first.trim_end())?, number(last.trim_start())?)
}
