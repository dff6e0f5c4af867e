use reqwest::Method;
use serde_json::{Map, Number, Value as Json, json};

use crate::schema::tree::{Node, Position, Value};
use crate::schema::{Placed, Reader, Shape, Word};

/// Where an API is: `https://api.example.com/v1`.
#[derive(Debug, Clone)]
pub(super) struct Base(pub Placed<String>);

const RIGHT_BASE: &str = "a URL such as `https://api.example.com/v1`";

impl Shape for Base {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": r"^(https?://|\$\{)" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = Placed::<String>::decode(node, reader)?;
        // One with references is known only later.
        if !text.value.contains("${") && !is_base(&text.value) {
            return reader.unexpected(node, RIGHT_BASE);
        }
        Some(Self(text))
    }
}

fn is_base(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Where in JSON something is (RFC 6901): `/status/phase`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer(pub String);

impl Shape for Pointer {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^/" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.starts_with('/') => Some(Self(text.clone())),
            _ => reader.unexpected(node, "a JSON pointer such as `/status/phase`"),
        }
    }
}

/// What a request carries: a text as it is, or anything else as JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Body {
    pub value: Json,
    pub at: Position,
}

impl Shape for Body {
    fn schema() -> Json {
        json!({ "type": ["string", "object", "array"] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(_) | Value::Map(_) | Value::List(_) => {
                Some(Self { value: as_json(node), at: node.at })
            }
            _ => reader.unexpected(node, "a text, or a map or list that is sent as JSON"),
        }
    }
}

fn as_json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        // `1.10` stays what it says; what JSON can't write as a number is sent as a text.
        Value::Number(number) => {
            number.text.parse::<Number>().map_or_else(|_| json!(number.text), Json::Number)
        }
        Value::Text(text) => json!(text),
        Value::List(items) => items.iter().map(as_json).collect(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.text.clone(), as_json(value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
    }
}

impl Body {
    pub fn texts(&self) -> Vec<&str> {
        fn collect<'j>(value: &'j Json, found: &mut Vec<&'j str>) {
            match value {
                Json::String(text) => found.push(text),
                Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
                Json::Object(entries) => entries.values().for_each(|item| collect(item, found)),
                Json::Null | Json::Bool(_) | Json::Number(_) => {}
            }
        }
        let mut found = vec![];
        collect(&self.value, &mut found);
        found
    }
}

/// What is asked for, in HTTP's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Word for Verb {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("GET", Self::Get),
        ("POST", Self::Post),
        ("PUT", Self::Put),
        ("PATCH", Self::Patch),
        ("DELETE", Self::Delete),
    ];
}

impl Verb {
    pub fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_a_url_of_http() {
        assert!(is_base("https://api.example.com/v1") && is_base("http://127.0.0.1:8080"));
        for text in ["api.example.com", "ftp://api.example.com", "https://", "unix:/run/x"] {
            assert!(!is_base(text), "{text}");
        }
    }
}
