use kinfra_rpc::McpTransport;

use crate::config::settings::RoutePath;
use crate::schema::{Fields, OneOrMany, Placed, Record, Words};

/// Each of an MCP server's own settings; without them it speaks streamable HTTP at `/mcp`.
#[derive(Debug)]
pub(in crate::config) struct McpFile {
    pub transport: Words<McpTransport>,
    pub path: Option<RoutePath>,
    pub production: Option<Placed<String>>,
    pub development: Option<Placed<String>>,
    pub detect: McpDetectionFile,
}

impl Record for McpFile {
    const MEANING: &'static str = "An MCP server: how it is spoken to, and where else it is.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("type", "transport"),
        ("protocol", "transport"),
        ("endpoint", "path"),
        ("prod", "production"),
        ("dev", "development"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            transport: fields.or(
                "transport",
                "`http`: streamable HTTP on its port. `sse`: HTTP with server-sent events, as before. `stdio`: lines over its standard input and output, which KInfra offers as streamable HTTP on the port.",
                Words(McpTransport::Http),
            ),
            path: fields.optional("path", "Where its endpoint is. Default: `/mcp`; of `sse` `/sse`."),
            production: fields.optional(
                "production",
                "The URL of its endpoint in production, for `kinfra mcp endpoint` and `kinfra mcp config`.",
            ),
            development: fields.optional("development", "The URL of its endpoint where it is tried out before."),
            detect: fields
                .optional("detect", "What says in which of these places a program runs that asks for the endpoint.")
                .unwrap_or_else(Fields::defaults),
        }
    }
}

#[derive(Debug)]
pub(in crate::config) struct McpDetectionFile {
    pub local: Vec<Placed<String>>,
    pub production_hosts: Vec<Placed<String>>,
    pub development_hosts: Vec<Placed<String>>,
}

impl Record for McpDetectionFile {
    const MEANING: &'static str =
        "What says where a program runs, beside the variables of Vercel and Render.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[("local_if", "local")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        let list = |OneOrMany(words)| words;
        Self {
            local: fields
                .optional(
                    "local",
                    "Variables that mean this machine when they are set, such as `API_LOCAL_TEST`.",
                )
                .map_or_else(Vec::new, list),
            production_hosts: fields
                .optional("production_hosts", "Parts of the deployment's host name that mean production.")
                .map_or_else(Vec::new, list),
            development_hosts: fields
                .optional("development_hosts", "Parts of the deployment's host name that mean development.")
                .map_or_else(Vec::new, list),
        }
    }
}
