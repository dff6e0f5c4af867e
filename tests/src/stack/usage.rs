//! What services use, measured of programs that use a known amount.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::NodeUsage;

use crate::{TestProject, wait_for};

const GREEDY: &str = "
project: greedy
services:
  busy: {run: 'MISBEHAVE burns-cpu & wait', port: none, health: {log: ready}}
  big: {run: [MISBEHAVE, holds, '100'], port: none, health: {log: ready}}
  many: {run: [MISBEHAVE, opens, '50'], port: none, health: {log: ready}}
  daemon: {run: 'MISBEHAVE forks-away; exec MISBEHAVE never-ready', port: none, health: {log: thinking}}
  idle: {run: [MISBEHAVE, never-ready], port: none, manual: true}
";

fn measure(project: &TestProject) -> Vec<NodeUsage> {
    serde_json::from_str(&project.succeed(&["stats", "--json"])).unwrap()
}

fn of(usages: &[NodeUsage], name: &str) -> NodeUsage {
    usages
        .iter()
        .find(|usage| usage.node == name)
        .unwrap_or_else(|| panic!("no {name} in {usages:#?}"))
        .clone()
}

#[test]
fn each_service_is_measured_with_all_that_it_started() {
    let project = TestProject::new(GREEDY);
    project.succeed(&["up", "-d"]);
    // On a crowded machine it gets much less than a core, and more than those that wait.
    let usages = wait_for("the busy one to be busy", Duration::from_secs(30), || {
        let usages = measure(&project);
        (of(&usages, "busy").cpu_percent > 5.0).then_some(usages)
    });
    let names: Vec<&str> = usages.iter().map(|usage| &*usage.node).collect();
    assert_eq!(names, ["busy", "big", "many", "daemon"], "what has no process is left out");
    let (busy, big, many, daemon) =
        (of(&usages, "busy"), of(&usages, "big"), of(&usages, "many"), of(&usages, "daemon"));
    assert!(busy.processes >= 2, "the shell and what it started: {busy:#?}");
    assert!(busy.cpu_percent < 150.0, "it has one thread that works: {busy:#?}");
    assert!((100 << 20..140 << 20).contains(&big.memory_bytes), "{big:#?}");
    assert!(big.cpu_percent < 20.0, "{big:#?}");
    assert!((53..65).contains(&many.descriptors), "50 beside the usual three: {many:#?}");
    assert!(many.memory_bytes < 50 << 20 && many.processes == 1, "{many:#?}");
    assert_eq!(daemon.processes, 2, "what left its session belongs to it still: {daemon:#?}");

    let shown = project.succeed(&["stats", "big", "idle"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[1].contains("big") && lines[1].contains(" MiB"), "{shown}");
    assert!(lines[2].starts_with("○  idle") && lines[2].trim_end().ends_with('–'), "{shown}");
    assert_eq!(project.kinfra(&["stats", "bog"]).code, Some(2));
}

#[test]
fn following_goes_on_until_it_is_ended() {
    let project = TestProject::new(GREEDY);
    project.succeed(&["up", "-d", "big"]);
    let mut child =
        project.command(&["stats", "big", "--json", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let usages: Vec<NodeUsage> = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert!(of(&usages, "big").memory_bytes >= 100 << 20, "{usages:#?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_engine_for_which_nothing_happens_gives_back_what_its_start_alone_needed() {
    let project = TestProject::new("services: {idle: {run: [MISBEHAVE, never-ready], port: none}}");
    project.succeed(&["up", "-d"]);
    let engine = project.home.engine().unwrap();
    // Its program and libraries.
    let mapped = || engine.memory("status", "RssFile");
    let after_start = mapped();
    wait_for("the engine's program to be given back", Duration::from_secs(60), || {
        (mapped() < after_start / 2).then_some(())
    });
    assert!(project.succeed(&["status"]).contains("healthy"), "what was given back is run again");
}
