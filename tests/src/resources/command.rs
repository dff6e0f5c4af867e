//! Resources that commands start and stop, through the real engine.

use kinfra_rpc::{Health, NodeKind, NodeState, Phase};

use crate::TestProject;

const FLAG: &str = "
project: shop
resources:
  flag:
    type: command
    start: touch up; echo said by the start
    end: rm -f up; echo end >> ended
    status: test -e up
    outputs: {file: '${project.folder}/up', greeting: 'hello ${resources.flag.file}'}
services:
  api:
    run: 'test -e up && echo greeting is $GREETING, $FLAG_FILE && exec MISBEHAVE serve'
    env: {GREETING: '${resources.flag.greeting}'}
    depends_on: [flag]
";

#[test]
fn a_resource_of_commands_is_started_before_and_stopped_after_what_needs_it() {
    let project = TestProject::new(FLAG);
    project.succeed(&["up", "-d"]);
    let flag = project.node("flag");
    assert_eq!((flag.kind, flag.phase, flag.health), (NodeKind::Resource, Phase::Running, Health::Healthy));
    assert_eq!((flag.pid, flag.port, flag.url), (None, None, None));
    let file = project.folder().join("up").display().to_string();
    let log = project.succeed(&["logs", "api"]);
    assert!(log.contains(&format!("greeting is hello {file}, {file}")), "{log}");
    project.succeed(&["down"]);
    assert!(!project.folder().join("up").exists());
}

#[test]
fn a_resource_of_commands_goes_on_under_the_next_engine() {
    let project = TestProject::new(FLAG);
    project.succeed(&["up", "-d"]);
    project.kill("kinfra host");
    project.succeed(&["up", "-d"]);
    let flag = project.node("flag");
    assert_eq!((flag.phase, flag.health, flag.restarts), (Phase::Running, Health::Healthy, 0), "{flag:#?}");
    assert!(!project.folder().join("ended").exists());
    // And what ended without one is started anew.
    project.kill("kinfra host");
    std::fs::remove_file(project.folder().join("up")).unwrap();
    project.succeed(&["up", "-d"]);
    project.wait_for_node("flag", "healthy again", NodeState::is_healthy);
    assert!(project.folder().join("up").exists());
    project.succeed(&["down"]);
}

#[test]
fn a_start_that_fails_says_why_and_what_needs_it_waits() {
    let project = TestProject::new(
        "
project: shop
resources:
  cloud: {type: command, start: 'echo no such account; exit 4', end: 'true'}
services:
  api: {run: [MISBEHAVE, serve], depends_on: [cloud]}
",
    );
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let cloud = project.node("cloud");
    assert_eq!(cloud.phase, Phase::Failed);
    assert_eq!(cloud.detail, "the start command of cloud exited with code 4: no such account");
    assert_eq!(project.node("api").detail, "waits for cloud, which failed");
}

#[test]
fn a_resource_that_is_a_process_is_held_as_a_service_is() {
    let project = TestProject::new(
        "
project: shop
resources:
  db: {type: command, run: 'exec MISBEHAVE serve', ports: {db: auto}}
services:
  api: {run: 'echo at $DB_PORT and $URL; exec MISBEHAVE serve', depends_on: [db], env: {URL: '${resources.db.url}'}}
",
    );
    project.succeed(&["up", "-d"]);
    let db = project.node("db");
    assert!(db.is_healthy() && db.pid.is_some() && db.kind == NodeKind::Resource, "{db:#?}");
    let port = db.port.unwrap();
    let log = project.succeed(&["logs", "api"]);
    assert!(log.contains(&format!("at {port} and tcp://127.0.0.1:{port}")), "{log}");
    project.succeed(&["down"]);
}
