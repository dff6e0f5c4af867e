use kinfra_rpc::{ErrorCode, Problem, Protocol};
use serde_json::{Value as Json, json};

use super::{Printable, Reader, Shape};
use crate::schema::tree::{Node, Value};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortChoice {
    /// Chosen once, then kept.
    Auto,
    Fixed(u16),
    /// The first of these that can be had, else as `Auto`.
    Preferred(Vec<u16>),
}

/// A port as `ports` names one: `auto`, `3000`, `53/udp`, or a list of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PortSetting {
    pub protocol: Protocol,
    pub choice: PortChoice,
}

/// The value of `port`: one port, or none at all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OnlyPort(pub Option<PortSetting>);

const RIGHT: &str =
    "a number from 1 to 65535, a list of such numbers, or `auto`; for UDP `53/udp` or `auto/udp`";
const RIGHT_OR_NONE: &str =
    "a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`";
const RIGHT_IN_LIST: &str = "a number from 1 to 65535 in a list; for UDP `53/udp`";

impl PortSetting {
    pub const AUTO: Self = Self { protocol: Protocol::Tcp, choice: PortChoice::Auto };
}

impl Shape for PortSetting {
    fn schema() -> Json {
        let text =
            |pattern: &str| json!({ "type": "string", "pattern": format!("^{pattern}(/(tcp|udp))?$") });
        let number = json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX });
        let item = json!({ "anyOf": [text("[1-9][0-9]{0,4}"), number] });
        let list = json!({ "type": "array", "items": item, "minItems": 1, "uniqueItems": true });
        json!({ "anyOf": [text("(auto|[1-9][0-9]{0,4})"), number, list] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::List(items) if !items.is_empty() => preferred(items, reader),
            Value::Text(word) if word == "none" => {
                let problem = reader.mismatch(node, RIGHT).hint("leave out what the service doesn't have");
                reader.report(node.at, problem);
                None
            }
            _ => one(node).or_else(|| reader.unexpected(node, RIGHT)),
        }
    }
}

impl Shape for OnlyPort {
    fn schema() -> Json {
        let mut schema = PortSetting::schema();
        if let Some(alternatives) = schema["anyOf"].as_array_mut() {
            alternatives.insert(0, json!({ "const": "none" }));
        }
        schema
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::List(items) if !items.is_empty() => preferred(items, reader).map(|port| Self(Some(port))),
            Value::Text(word) if word == "none" => Some(Self(None)),
            _ => match one(node) {
                None => reader.unexpected(node, RIGHT_OR_NONE),
                port => Some(Self(port)),
            },
        }
    }
}

/// A port that isn't a list.
fn one(node: &Node) -> Option<PortSetting> {
    if let Some(number) = single(node) {
        return Some(PortSetting { protocol: Protocol::Tcp, choice: PortChoice::Fixed(number) });
    }
    let Value::Text(text) = &node.value else { return None };
    // As Compose writes it.
    let (port, protocol) = match text.split_once('/') {
        None => (text.as_str(), Protocol::Tcp),
        Some((port, "tcp")) => (port, Protocol::Tcp),
        Some((port, "udp")) => (port, Protocol::Udp),
        Some(_) => return None,
    };
    let choice = if port == "auto" { PortChoice::Auto } else { PortChoice::Fixed(number(port)?) };
    Some(PortSetting { protocol, choice })
}

/// A port's number and nothing else.
pub(crate) fn single(node: &Node) -> Option<u16> {
    match &node.value {
        Value::Number(number) => {
            number.whole().and_then(|number| u16::try_from(number).ok()).filter(|port| *port > 0)
        }
        Value::Text(text) => number(text),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    }
}

/// Nothing but digits, where `parse` would take a sign as well.
pub(crate) fn number(text: &str) -> Option<u16> {
    let digits = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The ports to try, in order; they have one protocol.
fn preferred(items: &[Node], reader: &mut Reader) -> Option<PortSetting> {
    let mut numbers = Vec::new();
    let mut common = None;
    for item in items {
        let (protocol, number) = match one(item) {
            Some(PortSetting { protocol, choice: PortChoice::Fixed(number) }) => (protocol, number),
            Some(PortSetting { choice: PortChoice::Auto, .. }) => {
                let hint = "leave it out: when none of the list can be had, KInfra chooses another";
                let problem = reader.mismatch(item, RIGHT_IN_LIST).hint(hint);
                reader.report(item.at, problem);
                return None;
            }
            _ => return reader.unexpected(item, RIGHT_IN_LIST),
        };
        if *common.get_or_insert(protocol) != protocol {
            return reader.unexpected(item, "of the same protocol as the others in the list");
        }
        if numbers.contains(&number) {
            let message = format!("`{}` names the port {number} twice", reader.path());
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
            reader.report(item.at, problem.hint("take one of them away"));
            return None;
        }
        numbers.push(number);
    }
    Some(PortSetting { protocol: common?, choice: PortChoice::Preferred(numbers) })
}

/// As a file would write it.
impl Printable for PortSetting {
    fn printed(&self) -> Json {
        let with_protocol = |port: Json| match (self.protocol, port) {
            (Protocol::Tcp, port) => port,
            (Protocol::Udp, Json::String(word)) => json!(format!("{word}/udp")),
            (Protocol::Udp, port) => json!(format!("{port}/udp")),
        };
        match &self.choice {
            PortChoice::Auto => with_protocol(json!("auto")),
            PortChoice::Fixed(number) => with_protocol(json!(number)),
            PortChoice::Preferred(numbers) => {
                numbers.iter().map(|number| with_protocol(json!(number))).collect()
            }
        }
    }
}
