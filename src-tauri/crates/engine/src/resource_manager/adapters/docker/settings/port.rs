use kinfra_rpc::{ErrorCode, Problem, Protocol};
use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Fields, PortChoice, PortSetting, Reader, Record, Shape, number, single};

/// A port within the container, and which one of this machine leads there.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    pub inside: u16,
    pub outside: PortSetting,
}

/// `6379` or `53/udp`.
#[derive(Debug, Clone, Copy)]
struct Within {
    port: u16,
    protocol: Protocol,
}

struct Long {
    container: Option<Within>,
    host: Option<PortSetting>,
}

impl Record for Long {
    const MEANING: &'static str =
        "A port within the container, and the one of this machine that leads there.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("target", "container"), ("published", "host")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        let host = "The port of 127.0.0.1 that leads there, as for a service. Default: `auto`.";
        Self {
            container: fields.required("container", "The port within the container.", "8080"),
            host: fields.optional("host", host),
        }
    }
}

impl Shape for Within {
    fn schema() -> Json {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": u16::MAX },
            { "type": "string", "pattern": "^[1-9][0-9]{0,4}(/(tcp|udp))?$" },
        ] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let within = match &node.value {
            Value::Text(text) => match text.split_once('/') {
                Some((port, "tcp")) => number(port).map(|port| Self { port, protocol: Protocol::Tcp }),
                Some((port, "udp")) => number(port).map(|port| Self { port, protocol: Protocol::Udp }),
                Some(_) => None,
                None => number(text).map(|port| Self { port, protocol: Protocol::Tcp }),
            },
            _ => single(node).map(|port| Self { port, protocol: Protocol::Tcp }),
        };
        within.or_else(|| reader.unexpected(node, RIGHT))
    }
}

const RIGHT: &str = "the port within the container, such as `6379` or `53/udp`";

impl Shape for Port {
    fn schema() -> Json {
        json!({ "anyOf": [Within::schema(), Long::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if !matches!(node.value, Value::Map(_)) {
            let Within { port, protocol } = Within::decode(node, reader)?;
            let outside = PortSetting { protocol, choice: PortChoice::Auto };
            return Some(Self { inside: port, outside });
        }
        let long = Long::decode(node, reader)?;
        let Within { port, protocol } = long.container?;
        let outside = long.host.unwrap_or(PortSetting { protocol, choice: PortChoice::Auto });
        if outside.protocol == Protocol::Udp && protocol == Protocol::Tcp {
            let message = format!("`{}` leads from UDP to TCP", reader.path());
            let hint = format!("write `container: {port}/udp`");
            reader.report(node.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
            return None;
        }
        Some(Self { inside: port, outside: PortSetting { protocol, ..outside } })
    }
}
