//! A locked keyring is waited for, and said. Nothing is there in these sessions that could ask for its password.

use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Phase};

use super::VALUE;
use super::session::Session;
use crate::{TestProject, wait_until};

const CONFIGURATION: &str = "
project: shop
services:
  api: {run: [MISBEHAVE, serve], env: {DB: '${secret:shop/db}'}}
  web: {run: [MISBEHAVE, serve]}
";

/// A start that is held up.
fn begin(session: &Session, project: &TestProject) -> std::process::Child {
    assert_eq!(session.set(project, "shop/db", VALUE).code, Some(0));
    session.lock();
    project.succeed(&["add", "."]);
    let mut up = project.command(&["up", "-d"]);
    let up = session.adopt(&mut up).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the engine", Duration::from_secs(30), || project.status().is_some());
    let held_up = project.wait_for_node("api", "held up", |node| node.problem.is_some());
    assert_eq!(held_up.phase, Phase::Starting);
    let problem = held_up.problem.unwrap();
    assert_eq!(
        (problem.code, &*problem.message),
        (ErrorCode::KeyringLocked, "the keyring is locked: unlock it")
    );
    assert!(held_up.detail.contains("the keyring is locked: unlock it"), "{}", held_up.detail);
    up
}

#[test]
fn a_start_waits_for_a_locked_keyring_says_so_and_goes_on_when_it_is_unlocked() {
    let Some(session) = Session::start("a_start_waits_for_a_locked_keyring") else { return };
    let project = TestProject::new(CONFIGURATION);
    let mut up = begin(&session, &project);
    // Others go on.
    project.wait_for_node("web", "running", |node| node.phase == Phase::Running);
    let listed = session.succeed(&project, &["secret", "list"]);
    assert!(listed.starts_with("The keyring is locked"), "{listed}");
    let refused = session.set(&project, "shop/db", "other");
    assert!(refused.code == Some(1) && refused.stderr.contains("the keyring is locked"), "{refused:?}");

    session.unlock();
    assert!(up.wait().unwrap().success());
    let api = project.node("api");
    assert_eq!((api.phase, api.problem), (Phase::Running, None));
    assert_eq!(session.lookup("shop/db").as_deref(), Some(VALUE));
    assert!(session.succeed(&project, &["events", "api"]).contains("waits, as the keyring is locked"));
    session.succeed(&project, &["down"]);
}

#[test]
fn a_start_that_waits_for_the_keyring_can_be_stopped() {
    let Some(session) = Session::start("a_start_that_waits_for_the_keyring_can_be_stopped") else { return };
    let project = TestProject::new(CONFIGURATION);
    let mut up = begin(&session, &project);
    session.succeed(&project, &["down", "api"]);
    let stopped = project.wait_for_phase("api", Phase::Stopped);
    assert_eq!(stopped.problem, None);
    // And the engine ends, without a wait for anybody.
    session.succeed(&project, &["quit"]);
    up.wait().unwrap();
}
