//! Startup, readiness and liveness, asked of real programs.

use std::net::TcpListener;

use kinfra_rpc::{ErrorCode, Health, Phase};

use crate::TestProject;

#[test]
fn a_line_of_the_output_makes_ready_and_one_of_an_earlier_run_does_not() {
    let project = TestProject::new(
        "
project: told
services:
  it:
    run: test -e quiet || echo 'listening after 12 ms'; exec MISBEHAVE never-ready
    port: none
    health: {log: 'listening after \\d+ ms'}
",
    );
    project.succeed(&["up", "-d"]);
    assert_eq!(project.node("it").detail, "healthy · its line was printed");
    std::fs::write(project.folder().join("quiet"), "").unwrap();
    let printed = project.kinfra(&["restart", "it", "--timeout", "2"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let node = project.node("it");
    assert_eq!((node.phase, node.health), (Phase::Starting, Health::Starting), "{node:#?}");
}

#[test]
fn liveness_starts_anew_what_readiness_would_only_leave_alone() {
    let project = TestProject::new(
        "
project: hung
services:
  it:
    run: [MISBEHAVE, healthy-then-unhealthy, '5']
    health:
      liveness: {http: /health, interval: 50ms, failure_threshold: 2}
",
    );
    project.succeed(&["up", "-d"]);
    let before = project.node("it").pid;
    let node = project.wait_for_node("it", "started anew", |node| {
        node.restarts >= 1 && node.health == Health::Healthy && node.pid != before
    });
    assert!(node.restarts >= 1, "{node:#?}");
    let told = project.succeed(&["events", "it"]);
    assert!(told.contains("its liveness probe failed: GET /health answered 503"), "{told}");
}

#[test]
fn a_startup_probe_that_never_succeeds_ends_in_a_crash_loop_with_its_reason() {
    let project = TestProject::new(
        "
project: never
services:
  it:
    run: [MISBEHAVE, serve]
    health:
      startup: {http: {path: /health, status: 204}, start_period: 100ms, interval: 50ms}
    restart: {policy: on-failure, max: 1, backoff: {initial: 10ms}}
",
    );
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let node = project.wait_for_phase("it", Phase::CrashLooping);
    assert_eq!(node.detail, "its startup probe failed: GET /health answered 200, 2 times in a row");
    assert_eq!(node.problem.unwrap().code, ErrorCode::CrashLooping);
    assert!(printed.stderr.contains("its startup probe failed"), "{printed:#?}");
}

#[test]
fn a_command_that_says_nothing_has_no_reason_of_an_earlier_one() {
    let project = TestProject::new(
        "
project: silent
services:
  it:
    run: [MISBEHAVE, serve]
    health:
      interval: 50ms
      command: 'test -e said && exit 3; touch said; echo early words; exit 2'
",
    );
    project.kinfra(&["up", "-d", "--timeout", "1"]);
    let node = project.wait_for_node("it", "asked again", |node| node.detail.contains("code 3"));
    assert!(!node.detail.contains("early words"), "{node:#?}");
    assert!(project.folder().join("said").exists());
}

#[test]
fn a_stranger_on_the_port_is_a_conflict_and_never_readiness() {
    let project = TestProject::new(
        "
project: taken
services:
  own: {run: [MISBEHAVE, never-ready]}
  any: {run: [MISBEHAVE, never-ready], health: {listener: any}}
",
    );
    project.kinfra(&["up", "-d", "--timeout", "1"]);
    let bind = |name: &str| TcpListener::bind(("127.0.0.1", project.node(name).port.unwrap())).unwrap();
    let (own, _any) = (bind("own"), bind("any"));
    project.wait_for_node("any", "healthy", |node| node.health == Health::Healthy);
    let node = project.wait_for_node("own", "in conflict", |node| node.problem.is_some());
    assert_eq!((node.phase, node.health), (Phase::Starting, Health::Starting), "{node:#?}");
    let problem = node.problem.unwrap();
    assert_eq!(problem.code, ErrorCode::PortTaken);
    let pid = format!("pid {}", std::process::id());
    assert!(problem.message.contains(&pid), "{problem}");
    drop(own);
    project.wait_for_node("own", "without conflict", |node| node.problem.is_none());
}

#[test]
fn a_worker_that_listens_for_its_parent_counts_as_the_service() {
    let project = TestProject::new(
        "
project: worker
services:
  child: {run: 'MISBEHAVE serve & wait'}
  daemon: {run: MISBEHAVE forks-away; exec MISBEHAVE never-ready}
",
    );
    project.kinfra(&["up", "-d", "--timeout", "20"]);
    for name in ["child", "daemon"] {
        let node = project.node(name);
        assert_eq!((node.phase, node.health), (Phase::Running, Health::Healthy), "{node:#?}");
    }
}
