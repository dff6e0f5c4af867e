use std::time::Duration;

use super::{project, used_by};
use crate::tools::Tool;
use crate::{http, wait_until};

const SOON: Duration = Duration::from_secs(20);

const LINES: &str = "
project: tools
services:
  lines: {type: mcp, run: [PYTHON, MCP/server.py, stdio], mcp: stdio, health: {interval: 500ms}}
";

/// Those that were started for sessions.
fn servers(project: &crate::TestProject) -> Vec<u32> {
    let processes = project.home.processes();
    let servers = processes.iter().filter(|process| {
        process.command.contains("server.py stdio") && !process.command.contains("mcp serve")
    });
    servers.map(|process| process.pid).collect()
}

#[test]
fn each_session_of_a_server_of_lines_has_a_process_of_its_own_that_ends_with_it() {
    let test = "each_session_of_a_server_of_lines_has_a_process_of_its_own_that_ends_with_it";
    let tools = [Tool::PythonPackages, Tool::Node, Tool::NodePackages];
    let Some(project) = project(test, &tools, LINES) else { return };
    project.succeed(&["up", "-d"]);
    let asked = servers(&project);
    assert_eq!(asked.len(), 1, "the one that is asked whether it is well");
    let url = project.node("lines").url.unwrap() + "/mcp";
    let processes: Vec<_> =
        ["python", "node"].map(|client| used_by(client, "http", &url)["process"].clone()).into();
    assert_ne!(processes[0], processes[1]);
    wait_until("their processes to end with them", SOON, || servers(&project) == asked);

    // A server that ends is another one at the next question, and meanwhile nothing is restarted.
    let before = project.node("lines");
    let pid = rustix::process::Pid::from_raw(asked[0].cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    wait_until("another one to be asked", SOON, || {
        let now = servers(&project);
        now.len() == 1 && now != asked
    });
    let after = project.wait_for_node("lines", "healthy", kinfra_rpc::NodeState::is_healthy);
    assert_eq!((after.pid, after.restarts), (before.pid, before.restarts));

    project.succeed(&["down"]);
    wait_until("no server to be left", SOON, || servers(&project).is_empty());
}

#[test]
fn a_page_from_elsewhere_gets_nothing_of_a_server_of_lines() {
    let test = "a_page_from_elsewhere_gets_nothing_of_a_server_of_lines";
    let Some(project) = project(test, &[Tool::PythonPackages], LINES) else { return };
    project.succeed(&["up", "-d"]);
    let port: u16 = project.succeed(&["port", "lines"]).trim().parse().unwrap();
    let before = servers(&project);
    let rebound = http::get(port, "evil.example", "/mcp", "text/event-stream").unwrap();
    assert_eq!(rebound.status, 403, "{rebound:?}");
    let local = http::get(port, "localhost", "/mcp", "text/event-stream").unwrap();
    assert_eq!(local.status, 400, "it is asked, and wants a session: {local:?}");
    let elsewhere = http::get(port, "localhost", "/", "text/event-stream").unwrap();
    assert_eq!(elsewhere.status, 404);
    assert_eq!(servers(&project), before);
}
