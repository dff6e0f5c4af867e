//! Commands that take their time, and those that come meanwhile: each one ends, and says what became of it.

use std::process::{Child, Stdio};
use std::time::Duration;

use kinfra_rpc::{Health, NodeState, Pending, Phase, Wanted};

use crate::project::Printed;
use crate::{TestProject, wait_for};

/// `web` takes its time to end: until there is a file `go`.
const CHAIN: &str = "
project: chain
services:
  migrate: {type: task, run: echo once >> ran}
  store: {run: [MISBEHAVE, serve], depends_on: [migrate]}
  web:
    run: \"trap 'while ! test -e go; do sleep 0.02; done; exit 0' TERM; while :; do sleep 0.02; done\"
    port: none
    depends_on: [store]
    stop: {grace: 60s}
";

fn begin(project: &TestProject, arguments: &[&str]) -> Child {
    let mut command = project.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Printed {
    child.wait_with_output().unwrap().into()
}

fn touch(project: &TestProject, file: &str) {
    std::fs::write(project.folder().join(file), "").unwrap();
}

/// It runs, and `web` is being stopped.
fn chain() -> (TestProject, Child) {
    let project = TestProject::new(CHAIN);
    project.succeed(&["up", "-d"]);
    let down = begin(&project, &["down", "web"]);
    project.wait_for_phase("web", Phase::Stopping);
    (project, down)
}

#[test]
fn a_restart_that_a_stop_and_a_start_follow_ends_with_another_process() {
    let (project, first) = chain();
    let before = project.node("store").pid;
    let is_pending = |pending, wanted| {
        move |node: &NodeState| node.pending == Some(pending) && node.wanted == wanted && node.is_healthy()
    };
    let restart = begin(&project, &["restart", "store"]);
    let node = project.wait_for_node("store", "to go", is_pending(Pending::Restart, Wanted::Running));
    assert!(node.detail.ends_with(" · restarts after web"), "{node:#?}");
    let down = begin(&project, &["down"]);
    let node = project.wait_for_node("store", "to end", is_pending(Pending::Stop, Wanted::Stopped));
    assert!(node.detail.ends_with(" · stops after web"), "{node:#?}");
    let up = begin(&project, &["up", "-d"]);
    project.wait_for_node("store", "to go", is_pending(Pending::Restart, Wanted::Running));
    touch(&project, "go");
    for (command, child) in [("restart", restart), ("up", up)] {
        let printed = end(child);
        assert_eq!(printed.code, Some(0), "{command}: {printed:#?}");
    }
    for child in [first, down] {
        let printed = end(child);
        assert!(printed.stderr.contains("was started again by somebody else meanwhile"), "{printed:#?}");
    }
    let node = project.node("store");
    assert!(node.is_healthy() && node.pid != before && node.pending.is_none(), "{node:#?}");
    let ran = std::fs::read_to_string(project.folder().join("ran")).unwrap();
    assert_eq!(ran.lines().count(), 2, "what was done before the stop is done anew after it");
}

#[test]
fn a_restart_that_a_stop_follows_ends_and_says_so() {
    let (project, down) = chain();
    let restart = begin(&project, &["restart", "store"]);
    project.wait_for_node("store", "to go", |node| node.pending == Some(Pending::Restart));
    let stop = begin(&project, &["down", "store"]);
    project.wait_for_node("store", "to end", |node| node.pending == Some(Pending::Stop));
    touch(&project, "go");
    assert_eq!((end(down).code, end(stop).code), (Some(0), Some(0)));
    let printed = end(restart);
    assert!(printed.stderr.contains("store was stopped by somebody else meanwhile"), "{printed:#?}");
}

/// The same, with a store that is as well as there is a file `well`, and there is none any more.
fn ill() -> TestProject {
    let store = "run: [MISBEHAVE, never-ready], port: none, health: {command: test -e well, interval: 100ms}";
    let project = TestProject::new(&CHAIN.replace("run: [MISBEHAVE, serve]", store));
    touch(&project, "well");
    project.succeed(&["up", "-d"]);
    std::fs::remove_file(project.folder().join("well")).unwrap();
    project.wait_for_node("store", "unhealthy", |node| node.health == Health::Unhealthy);
    project
}

/// Lets this command go on once it waits for `web` to end, which it must see through.
fn see_through(project: &TestProject, command: &[&str]) {
    let command = begin(project, command);
    let waits = |node: &NodeState| node.pending == Some(Pending::Restart) || node.phase == Phase::Waiting;
    let node = project.wait_for_node("store", "waiting for web", waits);
    assert!(node.detail.ends_with("after web") || node.detail == "waits until web has ended", "{node:#?}");
    touch(project, "well");
    touch(project, "go");
    let printed = end(command);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    assert!(project.node("store").is_healthy());
}

#[test]
fn what_was_ill_before_a_restart_does_not_count_against_it() {
    see_through(&ill(), &["restart"]);
}

#[test]
fn what_had_failed_before_a_restart_does_not_count_against_it() {
    let project =
        TestProject::new(&CHAIN.replace("[MISBEHAVE, serve]", "exec MISBEHAVE serve, restart: never"));
    project.succeed(&["up", "-d"]);
    project.kill("misbehave serve");
    project.wait_for_node("store", "failed", NodeState::has_failed);
    see_through(&project, &["restart"]);
}

fn change(project: &TestProject, changed: impl Fn(&str) -> String) {
    let path = project.folder().join("kinfra.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, changed(&text)).unwrap();
}

fn with_variable(web: &str) -> String {
    web.replace("port: none\n", "port: none\n    env: {NEW: here}\n")
}

fn assert_has_variable(project: &TestProject, service: &str) {
    let variables = project.json(&["env", service, "--json"]);
    assert!(variables.to_string().contains("here"), "{variables}");
}

#[test]
fn what_was_ill_before_other_settings_does_not_count_against_them() {
    let project = ill();
    change(&project, |text| {
        with_variable(&text.replace("port: none, health", "port: none, env: {NEW: here}, health"))
    });
    see_through(&project, &["apply"]);
    assert_has_variable(&project, "store");
}

#[test]
fn other_settings_give_what_is_unhealthy_the_time_to_recover() {
    let project = ill();
    touch(&project, "go");
    change(&project, with_variable);
    let apply = begin(&project, &["apply"]);
    project.wait_for_phase("web", Phase::Waiting);
    touch(&project, "well");
    let printed = end(apply);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    assert_has_variable(&project, "web");
}

#[test]
fn other_settings_are_taken_back_where_what_is_unhealthy_stays_so() {
    let project = ill();
    touch(&project, "go");
    change(&project, with_variable);
    let printed = project.kinfra(&["apply"]);
    assert!(
        printed.code == Some(1) && printed.stdout.contains("web waits for store: unhealthy"),
        "{printed:#?}"
    );
}

/// It is as well as there is a file `well`.
const AILING: &str = "
project: ailing
services:
  it:
    run: [MISBEHAVE, never-ready]
    port: none
    health: {command: test -e well, interval: 100ms}
";

#[test]
fn a_start_gives_what_is_unhealthy_the_time_to_recover() {
    let project = TestProject::new(AILING);
    touch(&project, "well");
    project.succeed(&["up", "-d"]);
    std::fs::remove_file(project.folder().join("well")).unwrap();
    project.wait_for_node("it", "unhealthy", |node| node.health == Health::Unhealthy);
    let printed = project.kinfra(&["up", "-d"]);
    assert!(printed.code == Some(1) && printed.stderr.contains("it: unhealthy"), "{printed:#?}");
    let up = begin(&project, &["up"]);
    touch(&project, "well");
    let printed = end(up);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
}

#[test]
fn what_the_next_engine_finds_in_the_midst_of_its_start_has_the_rest_of_its_time() {
    let project = TestProject::new(AILING);
    let probed = || {
        wait_for("it to be probed", Duration::from_secs(30), || {
            let node = project.status()?.nodes.pop()?;
            node.detail.contains("tried 10 times").then_some(node)
        })
    };
    let up = begin(&project, &["up", "-d"]);
    let before = probed().pid;
    project.kill("kinfra host");
    assert_ne!(end(up).code, Some(0));
    let up = begin(&project, &["up", "-d"]);
    let node = probed();
    assert_eq!((node.phase, node.health, node.pid), (Phase::Starting, Health::Starting, before), "{node:#?}");
    touch(&project, "well");
    let printed = end(up);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
}
