use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Printable, Reader, Shape};

/// More on one machine is a mistake: the window has a row for each.
const MOST: u32 = 16;

/// How many processes of a service run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Replicas(pub u32);

impl Replicas {
    pub const ONE: Self = Self(1);
}

impl Shape for Replicas {
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1, "maximum": MOST })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Number(number) = &node.value else { return reader.unexpected(node, RIGHT) };
        let count = number.whole().filter(|count| (1..=MOST).contains(count));
        count.map(Self).or_else(|| reader.unexpected(node, RIGHT))
    }
}

const RIGHT: &str = "a whole number from 1 to 16";

impl Printable for Replicas {
    fn printed(&self) -> Json {
        json!(self.0)
    }
}
