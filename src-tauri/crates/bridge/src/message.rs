//! What kind of message it is, and whose.

use serde_json::{Value, json};

/// What is known of a message of JSON-RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// It is to be answered under this number or text.
    Request {
        id: String,
        begins: bool,
    },
    /// The answer to the request of this number or text.
    Answer {
        id: String,
    },
    Notification,
}

impl Message {
    /// None for what is no message.
    pub fn read(text: &[u8]) -> Option<Self> {
        let message: Value = serde_json::from_slice(text).ok()?;
        let id = message.get("id").filter(|id| id.is_number() || id.is_string()).map(Value::to_string);
        let method = message.get("method").and_then(Value::as_str);
        match (method, id) {
            (Some(method), Some(id)) => Some(Self::Request { id, begins: method == "initialize" }),
            (Some(_), None) => Some(Self::Notification),
            (None, Some(id)) if message.get("result").or(message.get("error")).is_some() => {
                Some(Self::Answer { id })
            }
            (None, _) => None,
        }
    }
}

/// An answer in the server's place; `id` as it was written.
pub fn failure(id: &str, text: &str) -> String {
    let id: Value = serde_json::from_str(id).unwrap_or(Value::Null);
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32_000, "message": text } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_what_they_have() {
        let read = |text: &str| Message::read(text.as_bytes());
        let request = |id: &str, begins| Some(Message::Request { id: id.to_owned(), begins });
        assert_eq!(read(r#"{"id":1,"method":"initialize"}"#), request("1", true));
        assert_eq!(read(r#"{"id":"1","method":"tools/list"}"#), request("\"1\"", false));
        assert_eq!(read(r#"{"method":"notifications/initialized"}"#), Some(Message::Notification));
        assert_eq!(read(r#"{"id":7,"result":{}}"#), Some(Message::Answer { id: "7".to_owned() }));
        for nothing in ["", "[]", "{", "{}", r#"{"id":null,"result":{}}"#, r#"{"id":1}"#, "\u{0}"] {
            assert_eq!(read(nothing), None, "{nothing:?}");
        }
        let text = r#"{"error":{"code":-32000,"message":"gone"},"id":"1","jsonrpc":"2.0"}"#;
        assert_eq!(failure("\"1\"", "gone"), text);
    }
}
