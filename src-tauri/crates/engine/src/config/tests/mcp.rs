//! What a service says that is an MCP server.

use insta::assert_snapshot;
use kinfra_rpc::{HostHeader, McpServer, McpTransport};

use super::{faults, spec};
use crate::config::spec::ProbeKind;

fn server(text: &str) -> McpServer {
    let spec = spec(&format!("services: {{api: {{type: mcp, run: x, {text}}}}}"));
    spec.services[0].mcp.clone().unwrap()
}

#[test]
fn an_mcp_server_speaks_streamable_http_unless_it_says_otherwise_and_is_asked_by_that() {
    let one = spec("services: {api: {type: mcp, run: x}}").services.remove(0);
    assert!(one.takes_connections());
    let probe = one.health.readiness.as_ref().unwrap();
    assert_eq!((&probe.kind, probe.timeout.as_secs()), (&ProbeKind::Mcp, 10));
    assert_eq!(one.forwarding.host, HostHeader::Rewrite);
    assert_eq!(one.mcp.as_ref().unwrap(), &McpServer { path: "/mcp".into(), ..McpServer::default() });
    let of = |text| (server(text).transport, server(text).path);
    assert_eq!(of("mcp: stdio"), (McpTransport::Stdio, "/mcp".to_owned()));
    assert_eq!(of("mcp: sse"), (McpTransport::Sse, "/sse".to_owned()));
    assert_eq!(of("mcp: {path: /api/mcp}"), (McpTransport::Http, "/api/mcp".to_owned()));
    let asked = |health: &str| {
        let text = format!("services: {{api: {{type: mcp, run: x, health: {health}}}}}");
        spec(&text).services.remove(0).health.readiness.clone().unwrap()
    };
    let probe = asked("{interval: 3s}");
    assert_eq!((probe.kind, probe.timeout.as_secs()), (ProbeKind::Mcp, 10));
    assert_eq!(asked("{tcp: true}").kind, ProbeKind::Tcp);
}

#[test]
fn what_is_wrong_with_an_mcp_server_is_said_with_its_place() {
    assert_snapshot!(faults("
services:
  api: {type: mcp, run: x, port: none, mcp: stdio}
  web: {run: x, mcp: http}
  two: {type: mcp, run: x, replicas: 2}
  far: {type: mcp, run: x, mcp: {production: mcp.example.com, transport: websocket, path: mcp}}
"), @"
    /shop/kinfra.yaml:3:34: `services.api` is an MCP server without a TCP port, but KInfra offers it on one
      hint: leave `port` away: one is chosen and kept
    /shop/kinfra.yaml:4:22: `services.web` has `mcp`, but is no MCP server
      hint: write `type: mcp`, or take `mcp` away
    /shop/kinfra.yaml:5:38: `services.two` is an MCP server, whose clients keep to the process that they began with
      hint: take `replicas` away
    /shop/kinfra.yaml:6:46: `services.far.mcp.production` is `mcp.example.com`, which is no URL
      hint: such as `https://mcp.example.com/mcp`
    /shop/kinfra.yaml:6:74: `services.far.mcp.transport` is `websocket`, but must be `stdio`, `http` or `sse`
    /shop/kinfra.yaml:6:91: `services.far.mcp.path`: the path `mcp` does not begin with `/`
      hint: a path such as `/api`; host names are written with `domains`
    ");
}

#[test]
fn an_endpoint_elsewhere_is_no_reason_for_a_restart_and_how_standard_output_is_offered_is() {
    let of =
        |text: &str| spec(&format!("services: {{api: {{type: mcp, run: x, {text}}}}}")).services.remove(0);
    let differs = |one: &str, other: &str| of(one).fingerprint().differs_from(of(other).fingerprint());
    assert!(!differs("mcp: http", "mcp: {production: 'https://mcp.example.com'}"));
    assert!(!differs("mcp: http", "mcp: {path: /api}"));
    assert!(differs("mcp: http", "mcp: stdio"));
    assert!(differs("mcp: stdio", "mcp: {transport: stdio, path: /api}"));
}
