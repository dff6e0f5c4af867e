//! What programs that use MCP servers are told of one.

use kinfra_rpc::McpTransport;
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use crate::arguments::McpClient;

/// What the server is called in a client, where those of all projects stand side by side.
pub fn name(project: &str, service: &str) -> String {
    if project == service { project.to_owned() } else { format!("{project}-{service}") }
}

/// The client's file, from the project's folder, and what it has to say.
pub fn configuration(client: McpClient, name: &str, endpoint: &Endpoint) -> (&'static str, Value) {
    let url = &endpoint.url;
    let kind = match endpoint.transport {
        McpTransport::Sse => "sse",
        McpTransport::Http | McpTransport::Stdio => "http",
    };
    match client {
        McpClient::Claude => (".mcp.json", json!({ "mcpServers": { name: { "type": kind, "url": url } } })),
        McpClient::Cursor => (".cursor/mcp.json", json!({ "mcpServers": { name: { "url": url } } })),
        McpClient::Vscode => {
            (".vscode/mcp.json", json!({ "servers": { name: { "type": kind, "url": url } } }))
        }
    }
}
