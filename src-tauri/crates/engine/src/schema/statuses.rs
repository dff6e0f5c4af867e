use serde_json::{Value as Json, json};

use super::{Printable, Reader, Shape};
use crate::schema::tree::{Node, Value};

/// Ranges of HTTP statuses, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statuses(pub Vec<(u16, u16)>);

/// As a probe of Kubernetes has it.
impl Default for Statuses {
    fn default() -> Self {
        Self(vec![(200, 399)])
    }
}

impl Printable for Statuses {
    fn printed(&self) -> Json {
        let range = |(first, last): &(u16, u16)| {
            if first == last { json!(first) } else { json!(format!("{first}-{last}")) }
        };
        match self.0.as_slice() {
            [one] => range(one),
            several => several.iter().map(range).collect(),
        }
    }
}

impl Shape for Statuses {
    fn schema() -> Json {
        let one = json!({ "anyOf": [
            { "type": "integer", "minimum": 100, "maximum": 599 },
            { "type": "string", "pattern": "^[1-5][0-9]{2}( *- *[1-5][0-9]{2})?$" },
        ] });
        json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let one = |node: &Node, reader: &mut Reader| {
            let right = "a status such as `204`, or a range of them such as `200-299`";
            range(node).or_else(|| reader.unexpected(node, right))
        };
        let ranges = match &node.value {
            Value::List(items) if !items.is_empty() => {
                items.iter().map(|item| one(item, reader)).collect::<Option<_>>()?
            }
            _ => vec![one(node, reader)?],
        };
        Some(Self(ranges))
    }
}

impl Statuses {
    pub fn hold(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

fn range(node: &Node) -> Option<(u16, u16)> {
    let status = |text: &str| text.trim().parse().ok().filter(|status| (100..=599).contains(status));
    let range = match &node.value {
        Value::Number(number) => {
            number.whole().and_then(|status| u16::try_from(status).ok()).map(|status| (status, status))?
        }
        Value::Text(text) => match text.split_once('-') {
            Some((first, last)) => (status(first)?, status(last)?),
            None => (status(text)?, status(text)?),
        },
        _ => return None,
    };
    (100 <= range.0 && range.0 <= range.1 && range.1 <= 599).then_some(range)
}
