//! The MCP servers of a project.

use kinfra_rpc::TakeSnapshot;
use serde::Serialize;

use super::endpoint::{Endpoint, endpoint};
use crate::arguments::{McpEnvironment, Place};
use crate::exit_code::ExitCode;
use crate::render::{Cell, table};
use crate::selection::select;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

#[derive(Debug, Serialize)]
struct Server<'s> {
    service: &'s str,
    transport: kinfra_rpc::McpTransport,
    detail: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
}

/// `kinfra mcp`.
pub async fn list(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let snapshot = surroundings.connect_or_open().await?.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let place = Place { environment: Some(McpEnvironment::Local), direct: false, public: false };
    let servers: Vec<Server<'_>> = project
        .nodes
        .iter()
        .filter_map(|node| {
            Some(Server {
                service: node.service(),
                transport: node.mcp.as_ref()?.transport,
                detail: if node.detail.is_empty() { "–" } else { &node.detail },
                endpoint: endpoint(node, &place, &surroundings.environment).ok(),
            })
        })
        .collect();
    surroundings.output.result(&servers, |palette| {
        if servers.is_empty() {
            return format!("{} has no MCP server; `type: mcp` makes a service one\n", project.slug);
        }
        let mut rows = vec![["SERVICE", "TRANSPORT", "ENDPOINT", "STATE"].map(Cell::heading).to_vec()];
        rows.extend(servers.iter().map(|server| {
            let url = server.endpoint.as_ref().map_or("–", |endpoint| &endpoint.url);
            let cells = [server.service, server.transport.word(), url, server.detail];
            cells.map(Cell::new).to_vec()
        }));
        table(&rows, *palette)
    })?;
    Ok(ExitCode::Done)
}
