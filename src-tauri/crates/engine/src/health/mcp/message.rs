//! What is said by JSON-RPC.

use serde_json::{Value, json};

/// What is spoken when the server knows it too; it answers with what it speaks.
const PROTOCOL: &str = "2025-06-18";

pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub fn initialize() -> String {
    let client = json!({ "name": "kinfra", "version": env!("CARGO_PKG_VERSION") });
    let params = json!({ "protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string()
}

pub fn ping() -> String {
    json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" }).to_string()
}

/// Who a server says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    pub protocol: String,
    server: Option<String>,
}

impl Introduction {
    pub fn read(message: &Value) -> Result<Self, String> {
        let result = result_of("initialize", message)?;
        let text = |pointer| result.pointer(pointer).and_then(Value::as_str);
        let Some(protocol) = text("/protocolVersion") else {
            return Err("initialize was answered without a protocolVersion".to_owned());
        };
        let server = text("/serverInfo/name").map(|name| match text("/serverInfo/version") {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        });
        Ok(Self { protocol: protocol.to_owned(), server })
    }

    /// `shop-tools 1.2.0`
    pub fn name(&self) -> String {
        // It stands in a line with others.
        let name = self.server.as_deref().unwrap_or("without a name");
        name.chars().filter(|character| !character.is_control()).take(60).collect()
    }
}

/// Whether a message is the answer to the request of this number.
pub fn answers(message: &Value, id: u64) -> bool {
    message.get("id").and_then(Value::as_u64) == Some(id) && message.get("method").is_none()
}

pub fn result_of<'a>(asked: &str, message: &'a Value) -> Result<&'a Value, String> {
    if let Some(error) = message.get("error") {
        let text = error.get("message").and_then(Value::as_str).unwrap_or("without a reason");
        return Err(format!("{asked} failed: {text}"));
    }
    message.get("result").ok_or_else(|| format!("{asked} was answered by something else than MCP"))
}
