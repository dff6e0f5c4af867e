use kinfra_rpc::Health;

use super::project;
use crate::tools::Tool;

#[test]
fn what_is_no_mcp_server_is_never_ready_and_its_reason_is_shown() {
    let test = "what_is_no_mcp_server_is_never_ready_and_its_reason_is_shown";
    let services = [
        ("hangs", "no answer within 500 ms"),
        ("hangs-later", "no answer within 500 ms"),
        ("closes", "POST /mcp was answered by something else than HTTP"),
        ("speaks-garbage", "POST /mcp answered initialize by something else than MCP"),
    ];
    let service = |(fault, _): &(&str, &str)| {
        let health = "health: {interval: 1s, timeout: 500ms}";
        format!("  {fault}: {{type: mcp, run: [PYTHON, MCP/misbehaving.py, {fault}], {health}}}\n")
    };
    let configuration =
        format!("project: odd\nservices:\n{}", services.iter().map(service).collect::<String>());
    let Some(project) = project(test, &[Tool::PythonPackages], &configuration) else { return };
    let up = project.kinfra(&["up", "-d", "--timeout", "4"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    for (name, reason) in services {
        let node = project.wait_for_node(name, "told why", |node| node.detail.contains(reason));
        assert!(node.health != Health::Healthy && node.restarts == 0, "{node:#?}");
    }
}

#[test]
fn a_server_of_lines_that_says_nothing_or_nonsense_or_ends_is_never_ready_and_its_reason_is_shown() {
    let test =
        "a_server_of_lines_that_says_nothing_or_nonsense_or_ends_is_never_ready_and_its_reason_is_shown";
    let configuration = "
project: odd
services:
  nonsense: {type: mcp, run: [PYTHON, MCP/misbehaving.py, prints-garbage], mcp: stdio, health: {timeout: 1s}}
  nothing: {type: mcp, run: [PYTHON, MCP/misbehaving.py, says-nothing], mcp: stdio, health: {timeout: 1s}}
  ends: {type: mcp, run: [PYTHON, MCP/misbehaving.py, ends-at-once], mcp: stdio, health: {timeout: 10s}}
";
    let Some(project) = project(test, &[Tool::PythonPackages], configuration) else { return };
    assert_eq!(project.kinfra(&["up", "-d", "--timeout", "4"]).code, Some(1));
    for (name, reason) in [
        ("nonsense", "no answer within 1000 ms"),
        ("nothing", "no answer within 1000 ms"),
        ("ends", "initialize failed: the server has ended: exit status: 1"),
    ] {
        project.wait_for_node(name, "told why", |node| node.detail.contains(reason));
    }
    let said = project.succeed(&["logs", "ends"]);
    assert!(said.contains("it has no settings"), "{said}");
    let said = project.succeed(&["logs", "nonsense"]);
    assert!(said.contains("what is no message, so nobody is told: this is no message"), "{said}");
}
