//! Servers of the Model Context Protocol.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a service is spoken to that is an MCP server, and where else it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct McpServer {
    pub transport: McpTransport,
    /// Of the endpoint: `/mcp`.
    pub path: String,
    /// The URL of the endpoint in production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub production: Option<String>,
    /// The URL of the endpoint where it is tried out before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub development: Option<String>,
    #[serde(default)]
    pub detect: McpDetection,
}

/// What says where a program runs that asks for the endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct McpDetection {
    /// Variables that mean this machine when they are set.
    pub local: Vec<String>,
    /// Parts of host names that mean production.
    pub production_hosts: Vec<String>,
    /// Parts of host names that mean development.
    pub development_hosts: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum McpTransport {
    /// Lines over standard input and output; KInfra offers it by HTTP.
    Stdio,
    /// Streamable HTTP.
    #[default]
    Http,
    /// HTTP with server-sent events, as before 2025-03-26.
    Sse,
}

impl McpTransport {
    /// As clients have to speak, whatever the server itself does.
    #[must_use]
    pub const fn offered(self) -> Self {
        match self {
            Self::Stdio | Self::Http => Self::Http,
            Self::Sse => Self::Sse,
        }
    }

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
        }
    }
}
