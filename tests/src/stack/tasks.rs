//! Tasks, profiles, groups, and what is started when.

use kinfra_rpc::{Health, Phase, StackStatus};

use crate::TestProject;

/// How often a task has run: it adds a line to a file each time.
fn runs(project: &TestProject) -> usize {
    std::fs::read_to_string(project.folder().join("ran")).map_or(0, |text| text.lines().count())
}

#[test]
fn a_task_runs_once_per_start_and_before_what_needs_it() {
    let project = TestProject::new(
        "
project: shop
services:
  migrate: {type: task, run: echo once >> ran}
  api: {run: 'test -e ran && exec MISBEHAVE serve', depends_on: [migrate], restart: never}
",
    );
    project.succeed(&["up", "-d"]);
    let node = project.node("migrate");
    assert_eq!((node.phase, node.is_done(), node.port), (Phase::Exited, true, None), "{node:#?}");
    let status = project.status().unwrap();
    assert_eq!((status.status(), status.healthy(), status.expected()), (StackStatus::Running, 1, 1));
    project.succeed(&["up", "-d"]);
    project.succeed(&["restart", "api"]);
    assert_eq!(runs(&project), 1, "it was done already");
    project.succeed(&["up", "-d", "migrate"]);
    assert_eq!(runs(&project), 2, "it was named");
    project.succeed(&["down"]);
    project.succeed(&["up", "-d"]);
    assert_eq!(runs(&project), 3, "it was stopped");
}

#[test]
fn a_task_that_fails_keeps_its_dependants_from_starting_and_each_says_so() {
    let project = TestProject::new(
        "
project: shop
services:
  migrate: {type: task, run: 'echo no such table >&2; exit 3'}
  api: {run: [MISBEHAVE, serve], depends_on: [migrate]}
  web: {run: [MISBEHAVE, serve], depends_on: [api]}
  free: {run: [MISBEHAVE, serve]}
",
    );
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let node = project.wait_for_node("migrate", "seen", |node| !node.last_lines.is_empty());
    assert_eq!((node.phase, &*node.detail), (Phase::Exited, "exited with code 3"));
    assert_eq!(node.last_lines, ["no such table"]);
    assert_eq!(project.node("api").detail, "waits for migrate, which failed");
    assert_eq!(project.node("web").detail, "waits for api: migrate failed");
    project.wait_for_node("free", "healthy", |node| node.health == Health::Healthy);
}

#[test]
fn only_what_is_asked_for_is_started() {
    let project = TestProject::new(
        "
project: shop
groups: {back: [api, db]}
profiles: dev
services:
  db: {run: [MISBEHAVE, serve]}
  api: {run: [MISBEHAVE, serve], depends_on: [db]}
  mail: {run: [MISBEHAVE, serve], profiles: dev}
  load: {run: [MISBEHAVE, serve], profiles: load}
  console: {run: [MISBEHAVE, serve], manual: true}
",
    );
    let running = || -> Vec<String> {
        let nodes = project.status().unwrap().nodes;
        nodes.into_iter().filter(|node| node.pid.is_some()).map(|node| node.name).collect()
    };
    project.succeed(&["up", "-d", "--only", "back"]);
    assert_eq!(running(), ["db", "api"]);
    project.succeed(&["up", "-d"]);
    assert_eq!(running(), ["db", "api", "mail"]);
    assert!(project.succeed(&["status"]).contains("3 of 3 healthy"));
    project.succeed(&["up", "-d", "console"]);
    project.succeed(&["restart"]);
    assert_eq!(
        running(),
        ["db", "api", "mail", "console"],
        "what was started by name is restarted with the others"
    );
    project.succeed(&["down", "back"]);
    assert_eq!(running(), ["mail", "console"]);
    project.succeed(&["up", "-d", "--profile", "load"]);
    assert_eq!(running(), ["db", "api", "mail", "load", "console"]);
    let printed = project.kinfra(&["up", "-d", "--profile", "laod"]);
    assert_eq!(printed.code, Some(2), "{printed:#?}");
    assert!(printed.stderr.contains("did you mean load?"), "{printed:#?}");
}

#[test]
fn a_restart_takes_dependants_along_when_asked() {
    let project = TestProject::new(
        "
project: shop
services:
  db: {run: [MISBEHAVE, serve]}
  api: {run: [MISBEHAVE, serve], depends_on: [db]}
  idle: {run: [MISBEHAVE, serve], depends_on: [db], manual: true}
",
    );
    project.succeed(&["up", "-d"]);
    let before = project.node("api").pid;
    project.succeed(&["restart", "db"]);
    assert_eq!(project.node("api").pid, before);
    project.succeed(&["restart", "db", "--with-dependants"]);
    assert_ne!(project.node("api").pid, before);
    assert_eq!(project.node("idle").phase, Phase::Stopped);
}

#[test]
fn no_more_than_the_limit_start_at_a_time() {
    let services: String =
        (0..6).map(|index| format!("  s{index}: {{run: ./start, port: none}}\n")).collect();
    let project = TestProject::new(&format!("project: shop\nparallel: 2\nservices:\n{services}"));
    // Each counts who else is on the way up: it is ready when it has lived for a second.
    let script =
        "#!/bin/sh\nmkdir -p up; touch up/$$; ls up | wc -l >> most; sleep 0.9; rm up/$$; exec sleep 600\n";
    let path = project.folder().join("start");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    project.succeed(&["up", "-d"]);
    let counted = std::fs::read_to_string(project.folder().join("most")).unwrap();
    let most = counted.split_whitespace().map(|count| count.parse::<u32>().unwrap()).max();
    assert_eq!(most, Some(2), "{counted}");
}
