//! The dependency graph of a stack as it is.

use crate::TestProject;

#[test]
fn the_graph_says_in_which_order_and_on_what_each_waits() {
    let project = TestProject::new(
        "
project: shop
services:
  web: {run: [MISBEHAVE, serve], depends_on: [api]}
  api: {run: [MISBEHAVE, serve], depends_on: {db: started, migrate: completed}}
  migrate: {type: task, run: 'exit 3', depends_on: [db]}
  db: {run: [MISBEHAVE, never-ready], port: none}
  apart: {run: [MISBEHAVE, serve]}
",
    );
    assert_eq!(project.kinfra(&["up", "-d"]).code, Some(1));
    let nodes = project.json(&["graph", "--json"]);
    let layer = |name: &str| {
        let node = nodes.as_array().unwrap().iter().find(|node| node["name"] == name).unwrap();
        node["layer"].as_u64().unwrap()
    };
    assert_eq!(["db", "apart", "migrate", "api", "web"].map(layer), [1, 1, 2, 3, 4]);
    let shown = project.succeed(&["graph", "api"]);
    assert!(shown.contains("db (started), migrate (completed)"), "{shown}");
    assert!(!shown.contains("apart") && !shown.contains("web"), "{shown}");
    let dot = project.succeed(&["graph", "--dot"]);
    assert!(dot.contains("\"api\" -> \"db\" [label=\"started\"]"), "{dot}");
    assert!(dot.contains("\"web\" -> \"api\"\n"), "{dot}");
    assert_eq!(project.kinfra(&["graph", "--dot", "--json"]).code, Some(2));
}

#[test]
fn what_crashed_says_its_last_lines_where_the_start_failed() {
    let project = TestProject::new(
        "
project: shop
services:
  api: {run: 'echo the reason >&2; exit 3', restart: never}
",
    );
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    assert!(printed.stderr.contains("api printed last:\n  │ the reason\n"), "{printed:#?}");
    let status = project.kinfra(&["status"]).stdout;
    assert!(status.contains("api printed last:\n  │ the reason\n"), "{status}");
}
