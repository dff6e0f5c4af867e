use kinfra_rpc::NodeState;
use serde_json::{Value, json};

use super::{project, used_by};
use crate::TestProject;
use crate::tools::{Tool, devservers};

const PYTHON: &str = "
project: tools
services:
  lines: {type: mcp, run: [PYTHON, MCP/server.py, stdio], mcp: stdio}
  http: {type: mcp, run: [PYTHON, MCP/server.py, streamable-http]}
  events: {type: mcp, run: [PYTHON, MCP/server.py, sse], mcp: sse}
";

const NODE: &str = "
project: tools
services:
  lines: {type: mcp, run: [node, MCP/server.cjs, stdio], mcp: {transport: stdio, path: /api/mcp}}
  http: {type: mcp, run: [node, MCP/server.cjs, http]}
  events: {type: mcp, run: [node, MCP/server.cjs, sse], mcp: sse}
env: {NODE_PATH: PACKAGES}
";

/// All of them are ready by `initialize` and `ping`, and a client of each SDK reaches each by the proxy.
fn is_used(project: &TestProject, clients: &[&str]) {
    project.succeed(&["up", "-d", "--timeout", "120"]);
    for (service, transport) in [("lines", "http"), ("http", "http"), ("events", "sse")] {
        let node: NodeState = project.node(service);
        assert!(node.detail.starts_with("healthy · tools 1.2, "), "{}", node.detail);
        // What is printed depends on whether this machine's resolver knows names below localhost.
        let printed = project.succeed(&["mcp", "endpoint", service]);
        let path = node.mcp.unwrap().path;
        let (proxied, direct) = (node.url.unwrap() + &path, node.direct_url.unwrap() + &path);
        assert!([&*proxied, &*direct].contains(&printed.trim()), "{printed}");
        let url = proxied.as_str();
        for client in clients {
            let found = used_by(client, transport, url);
            assert_eq!(found["server"], "tools");
            assert_eq!(found["tools"], json!(["add", "process"]));
            assert_eq!(found["sum"], "5");
        }
    }
    let list = project.succeed(&["mcp"]);
    assert!(list.lines().count() == 4 && list.contains("stdio") && list.contains("tools 1.2"), "{list}");
}

#[test]
fn servers_of_the_python_sdk_are_ready_and_used_by_the_proxy_whatever_they_speak() {
    let test = "servers_of_the_python_sdk_are_ready_and_used_by_the_proxy_whatever_they_speak";
    let tools = [Tool::PythonPackages, Tool::Node, Tool::NodePackages];
    let Some(project) = project(test, &tools, PYTHON) else { return };
    is_used(&project, &["python", "node"]);
}

#[test]
fn servers_of_the_typescript_sdk_are_ready_and_used_by_the_proxy_whatever_they_speak() {
    let test = "servers_of_the_typescript_sdk_are_ready_and_used_by_the_proxy_whatever_they_speak";
    let tools = [Tool::PythonPackages, Tool::Node, Tool::NodePackages];
    let packages = devservers().join("node_modules");
    let configuration = NODE.replace("PACKAGES", &packages.to_string_lossy());
    let Some(project) = project(test, &tools, &configuration) else { return };
    is_used(&project, &["node", "python"]);
}

#[test]
fn what_clients_are_told_of_a_server_is_where_it_is_and_without_an_engine_too() {
    let project = TestProject::new(
        "
project: tools
services:
  api: {type: mcp, run: [MISBEHAVE, serve], mcp: {path: /api/mcp, production: 'https://mcp.example.com/api/mcp'}}
  web: {run: [MISBEHAVE, serve]}
",
    );
    project.succeed(&["add"]);
    let told = |client: &str, more: &[&str]| -> Value {
        let arguments = [&["mcp", "config", "api", "--client", client], more].concat();
        serde_json::from_str(&project.succeed(&arguments)).unwrap()
    };
    let port = project.succeed(&["port", "api"]);
    let url = format!("http://127.0.0.1:{}/api/mcp", port.trim());
    assert_eq!(told("claude", &[]), json!({"mcpServers": {"tools-api": {"type": "http", "url": url}}}));
    assert_eq!(told("cursor", &[]), json!({"mcpServers": {"tools-api": {"url": url}}}));
    let production = "https://mcp.example.com/api/mcp";
    assert_eq!(
        told("vscode", &["--environment", "production"]),
        json!({"servers": {"tools-api": {"type": "http", "url": production}}})
    );
    let deployed =
        project.command(&["mcp", "endpoint", "api"]).env("VERCEL_ENV", "production").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&deployed.stdout).trim(), production);
    let none = project.kinfra(&["mcp", "endpoint", "web"]);
    assert!(none.code == Some(2) && none.stderr.contains("web is no MCP server"), "{none:#?}");
}
