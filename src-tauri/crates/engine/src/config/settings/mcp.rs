use kinfra_rpc::McpTransport;
use serde_json::{Value as Json, json};

use crate::config::declaration::McpFile;
use crate::schema::tree::{Node, Value};
use crate::schema::{Fields, Reader, Shape, Word, Words};

impl Word for McpTransport {
    const WORDS: &'static [(&'static str, Self)] =
        &[("stdio", Self::Stdio), ("http", Self::Http), ("sse", Self::Sse)];
}

/// `mcp: stdio`, or a map with all its settings.
#[derive(Debug)]
pub(in crate::config) struct Mcp(pub McpFile);

impl Shape for Mcp {
    fn schema() -> Json {
        json!({ "anyOf": [Words::<McpTransport>::schema(), McpFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Map(_) = node.value {
            return McpFile::decode(node, reader).map(Self);
        }
        let transport = Words::decode(node, reader)?;
        Some(Self(McpFile { transport, ..Fields::defaults() }))
    }
}
