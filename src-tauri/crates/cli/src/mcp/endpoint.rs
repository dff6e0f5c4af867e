//! The URL of a server's endpoint.

use kinfra_rpc::{ErrorCode, McpServer, McpTransport, NodeState, Problem};
use serde::Serialize;

use super::detect::detect;
use crate::arguments::{McpEnvironment, Place};
use crate::surroundings::Environment;

/// In place of whatever the configuration says.
const ENDPOINT: &str = "MCP_ENDPOINT";

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    pub url: String,
    pub environment: &'static str,
    pub transport: McpTransport,
    /// The variable that said where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because_of: Option<String>,
}

/// # Errors
/// When it is no MCP server, or has no endpoint there.
pub fn endpoint(node: &NodeState, place: &Place, environment: &Environment) -> Result<Endpoint, Problem> {
    let server = node.mcp.as_ref().ok_or_else(|| {
        Problem::new(ErrorCode::InvalidRequest, format!("{} is no MCP server", node.service()))
            .hint("write `type: mcp` in its configuration")
    })?;
    let transport = server.transport.offered();
    let value = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    let (at, because_of) = match place.environment {
        Some(at) => (at, None),
        None if place.direct || place.public => (McpEnvironment::Local, None),
        None => {
            if let Some(url) = value(ENDPOINT) {
                let because_of = Some(ENDPOINT.to_owned());
                return Ok(Endpoint { url, environment: "other", transport, because_of });
            }
            detect(environment, &server.detect)
        }
    };
    let (word, variable) = match at {
        McpEnvironment::Production => ("production", "MCP_ENDPOINT_PROD"),
        McpEnvironment::Development => ("development", "MCP_ENDPOINT_DEV"),
        McpEnvironment::Local => ("local", "MCP_ENDPOINT_LOCAL"),
    };
    let found = |url, because_of| Endpoint { url, environment: word, transport, because_of };
    if let Some(url) = value(variable) {
        return Ok(found(url, Some(variable.to_owned())));
    }
    let url = match at {
        McpEnvironment::Production => server.production.clone(),
        McpEnvironment::Development => server.development.clone(),
        McpEnvironment::Local => return Ok(found(local(node, server, place)?, because_of)),
    };
    let nowhere = || {
        Problem::new(ErrorCode::InvalidRequest, format!("{} has no endpoint in {word}", node.service()))
            .hint(format!("write `mcp: {{{word}: URL}}` in its configuration, or set {variable}"))
    };
    Ok(found(url.ok_or_else(nowhere)?, because_of))
}

/// On this machine: by the proxy, which has the same name for it always and waits until it is ready.
fn local(node: &NodeState, server: &McpServer, place: &Place) -> Result<String, Problem> {
    let base = match (place.public, place.direct) {
        (true, _) => node.public_url.clone(),
        (false, true) => direct(node),
        (false, false) => node.url.clone().or_else(|| direct(node)),
    };
    let missing = || {
        let hint = if place.public { "share it first: kinfra share SERVICE" } else { "see `kinfra status`" };
        Problem::new(ErrorCode::NotHealthy, format!("{} has no such URL", node.service())).hint(hint)
    };
    Ok(format!("{}{}", base.ok_or_else(missing)?.trim_end_matches('/'), server.path))
}

/// The port itself, which a node has without an engine too.
fn direct(node: &NodeState) -> Option<String> {
    node.port.map(|port| format!("http://127.0.0.1:{port}"))
}

/// The way around a name that this machine's resolver doesn't know: browsers take each name below `localhost` for this
/// machine, and other programs do so only where the resolver does.
pub struct Direct {
    pub host: String,
    pub url: String,
}

/// None where the endpoint can be used as it is.
pub async fn where_names_lead_nowhere(node: &NodeState, endpoint: &Endpoint) -> Option<Direct> {
    let base = node.url.as_deref().filter(|base| endpoint.url.starts_with(base))?;
    let authority = base.strip_prefix("http://")?;
    if tokio::net::lookup_host(authority).await.is_ok_and(|mut found| found.any(|at| at.ip().is_loopback())) {
        return None;
    }
    let url = format!("{}{}", direct(node)?, endpoint.url.strip_prefix(base)?);
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    Some(Direct { host: host.to_owned(), url })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_where_the_program_runs_unless_something_says_otherwise() {
        let server = McpServer {
            transport: McpTransport::Stdio,
            path: "/api/mcp".into(),
            production: Some("https://mcp.example.com/api/mcp".into()),
            ..McpServer::default()
        };
        let node = NodeState {
            name: "api".into(),
            port: Some(20_001),
            url: Some("http://api.shop.localhost:7080".into()),
            mcp: Some(server),
            ..NodeState::default()
        };
        let told = |at, direct, public, variables: &[(&str, &str)]| {
            let place = Place { environment: at, direct, public };
            let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            match endpoint(&node, &place, &pairs.collect()) {
                Ok(endpoint) => serde_json::to_string(&endpoint).unwrap(),
                Err(problem) => problem.to_string(),
            }
        };
        let lines = [
            told(None, false, false, &[]),
            told(None, true, false, &[("DEPLOY_ENV", "production")]),
            told(None, false, true, &[]),
            told(None, false, false, &[("DEPLOY_ENV", "production")]),
            told(None, false, false, &[("MCP_ENDPOINT", "https://other.example/mcp")]),
            told(Some(McpEnvironment::Local), false, false, &[("MCP_ENDPOINT", "https://other.example/mcp")]),
            told(Some(McpEnvironment::Development), false, false, &[]),
            told(
                Some(McpEnvironment::Development),
                false,
                false,
                &[("MCP_ENDPOINT_DEV", "https://dev.example/mcp")],
            ),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"url":"http://api.shop.localhost:7080/api/mcp","environment":"local","transport":"http"}
        {"url":"http://127.0.0.1:20001/api/mcp","environment":"local","transport":"http"}
        api has no such URL
          hint: share it first: kinfra share SERVICE
        {"url":"https://mcp.example.com/api/mcp","environment":"production","transport":"http","because_of":"DEPLOY_ENV"}
        {"url":"https://other.example/mcp","environment":"other","transport":"http","because_of":"MCP_ENDPOINT"}
        {"url":"http://api.shop.localhost:7080/api/mcp","environment":"local","transport":"http"}
        api has no endpoint in development
          hint: write `mcp: {development: URL}` in its configuration, or set MCP_ENDPOINT_DEV
        {"url":"https://dev.example/mcp","environment":"development","transport":"http","because_of":"MCP_ENDPOINT_DEV"}
        "#);
    }
}
