use kinfra_rpc::{ErrorCode, NodeState, Phase};
use serde_json::json;

use super::stage::{SOON, Stage};
use crate::clouds::spec::{Document, replay, validating_mock};
use crate::clouds::{Fault, Neon, Token};
use crate::wait_until;

const OWN: &str = "
project: shop
resources:
  db: {type: neon, url: CLOUD, token: '${secret:cloud}', project: PROJECT, branch: instance}
services:
  api: {run: 'echo url is $DB_URL; exec MISBEHAVE serve', depends_on: [db]}
";

const MAIN: &str = "
project: shop
resources:
  db: {type: neon, url: CLOUD, token: '${secret:cloud}', project: PROJECT, auto_pause: 2h}
services: {}
";

const BRANCHES: &str = "/projects/*/branches";

fn stage(text: &str) -> Stage<Neon> {
    Stage::new(text, |neon: &Neon| neon.projects[0].id.clone())
}

/// The names of those that are not the project's default.
fn branches(stage: &Stage<Neon>) -> Vec<String> {
    let state = stage.cloud.state();
    let others = state.vendor.branches.iter().filter(|branch| !branch.is_default);
    others.map(|branch| branch.name.clone()).collect()
}

#[test]
fn an_instance_gets_a_branch_of_its_own_with_its_first_start_and_keeps_it() {
    let stage = stage(OWN);
    stage.run(&["up", "-d"]);
    let [name] = &*branches(&stage) else { panic!("{:?}", branches(&stage)) };
    assert!(name.starts_with("kinfra-shop-"), "{name}");
    let log = stage.run(&["logs", "api"]);
    assert!(log.contains("url is postgresql://neondb_owner:") && log.contains(".neon.tech/neondb?"), "{log}");
    let password = stage.cloud.state().vendor.roles.iter().map(|role| role.password.clone()).next().unwrap();
    let env = stage.run(&["env", "api"]);
    assert!(!log.contains(&password) && !env.contains(&password), "{log}\n{env}");
    assert!(env.contains("${secret:@shop/db/password}"), "{env}");

    stage.run(&["down"]);
    assert_eq!(stage.count("POST", "/projects/*/endpoints/*/suspend"), 1, "it is this instance's alone");
    stage.run(&["up", "-d"]);
    assert_eq!((branches(&stage).len(), stage.count("POST", BRANCHES)), (1, 1));
    stage.run(&["remove"]);
    assert_eq!(branches(&stage).len(), 1, "it holds data");
}

#[test]
fn a_branch_whose_making_was_never_answered_is_not_made_twice() {
    for fault in
        [Fault::on("POST", BRANCHES).after().reset(), Fault::on("POST", BRANCHES).after().status(502)]
    {
        let stage = stage(OWN);
        stage.cloud.fault(fault);
        stage.run(&["up", "-d"]);
        assert_eq!((branches(&stage).len(), stage.count("POST", BRANCHES)), (1, 1));
    }
}

#[test]
fn a_project_that_is_busy_is_waited_for() {
    let stage = stage(OWN);
    let project = stage.cloud.state().vendor.projects[0].id.clone();
    stage.cloud.control(&json!({"do": "lock", "project": project, "ms": 900}));
    stage.run(&["up", "-d"]);
    assert_eq!(branches(&stage).len(), 1);
}

#[test]
fn what_others_use_is_left_as_it_is_by_a_stop_and_paused_by_a_word() {
    let stage = stage(MAIN);
    stage.run(&["up", "-d"]);
    let suspends = || stage.count("POST", "/projects/*/endpoints/*/suspend");
    stage.run(&["pause", "db"]);
    let node = stage.wait_until_paused(ErrorCode::ResourcePaused);
    assert_eq!((node.phase, suspends()), (Phase::Running, 1));
    let status = stage.run(&["status"]);
    assert!(status.contains("paused") && !status.contains("problem:"), "{status}");

    // A start wants it to run.
    stage.run(&["up", "-d"]);
    stage.wait_for("it to go on", NodeState::is_healthy);
    stage.run(&["pause", "db"]);
    stage.wait_until_paused(ErrorCode::ResourcePaused);
    stage.run(&["resume", "db"]);
    stage.wait_for("it to go on", NodeState::is_healthy);
    let before = suspends();
    stage.run(&["down"]);
    assert_eq!(suspends(), before, "others may use it");
}

#[test]
fn what_sleeps_by_itself_is_well_and_what_is_disabled_is_paused_by_its_vendor() {
    let stage = stage(MAIN);
    let endpoint = stage.cloud.state().vendor.endpoints[0].id.clone();
    stage.run(&["up", "-d"]);
    let starts = stage.count("POST", "/projects/*/endpoints/*/start");
    stage.cloud.control(&json!({"do": "sleep", "endpoint": endpoint}));
    // Whoever looks at it learns of it at once.
    let compute = || stage.inspect().facts.into_iter().find(|fact| fact.name == "Compute").unwrap().value;
    stage.cloud.control(&json!({"do": "disable", "endpoint": endpoint}));
    let node = stage.wait_until_paused(ErrorCode::ResourcePausedByVendor);
    assert_eq!(node.detail, "Neon has paused it: disabled");
    assert_eq!(compute(), "disabled");
    stage.cloud.control(&json!({"do": "disable", "endpoint": endpoint, "disabled": false}));
    stage.inspect();
    stage.wait_for("it to be well", NodeState::is_healthy);
    assert_eq!(stage.count("POST", "/projects/*/endpoints/*/start"), starts, "nothing keeps it awake");
}

#[test]
fn a_branch_is_deleted_only_when_its_user_has_said_yes_to_just_that() {
    let stage = stage(MAIN);
    stage.run(&["up", "-d"]);
    stage.run(&["resource", "db", "create-branch", "preview"]);
    assert_eq!(branches(&stage), ["preview"]);
    let inspected = stage.inspect();
    let list = inspected.lists.iter().find(|list| list.title == "Branches").unwrap();
    let item = list.items.iter().find(|item| item.name == "preview").unwrap();
    let offered: Vec<_> = item.actions.iter().map(|action| &*action.action).collect();
    assert_eq!(offered, ["reset-branch", "delete-branch"]);

    let (code, printed) = stage.try_run(&["resource", "db", "delete-branch", "preview"]);
    assert_eq!(code, Some(2), "{printed}");
    assert!(
        printed.contains("Delete the branch preview of") && printed.contains("with all data in it?"),
        "{printed}"
    );
    assert_eq!(branches(&stage), ["preview"]);
    let (code, printed) = stage.try_run(&["resource", "db", "delete-branch", "main", "--yes"]);
    assert_eq!(code, Some(2), "{printed}");
    stage.run(&["resource", "db", "reset-branch", "preview", "--yes"]);
    stage.run(&["resource", "db", "delete-branch", "preview", "--yes"]);
    wait_until("the branch to be gone", SOON, || branches(&stage).is_empty());
}

#[test]
fn a_pause_is_still_one_for_the_next_engine() {
    let stage = stage(MAIN);
    stage.run(&["up", "-d"]);
    let endpoint = stage.cloud.state().vendor.endpoints[0].id.clone();
    stage.cloud.control(&json!({"do": "disable", "endpoint": endpoint}));
    stage.wait_until_paused(ErrorCode::ResourcePausedByVendor);
    stage.project.kill("kinfra host");
    // Who starts it wants it to go on, which it can't.
    assert_eq!(stage.try_run(&["up", "-d"]).0, Some(1));
    stage.wait_until_paused(ErrorCode::ResourcePausedByVendor);
}

#[test]
fn a_token_that_is_not_good_enough_is_told_with_what_it_takes() {
    let mut stage = stage(MAIN);
    stage.token = "napi_wrong".to_owned();
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("doesn't accept the token from ${secret:cloud}"), "{printed}");
    assert!(printed.contains("kinfra secret set"), "{printed}");
    stage.token = stage.cloud.add_token(Token::new("napi_").only(&["another-project"]));
    stage.run(&["quit"]);
    let (_, printed) = stage.try_run(&["up", "-d"]);
    assert!(printed.contains("there is no project") || printed.contains("allows no such thing"), "{printed}");
}

#[test]
fn everything_that_neon_is_asked_is_what_its_own_document_describes() {
    const NAME: &str = "everything_that_neon_is_asked_is_what_its_own_document_describes";
    let (Some(document), Some(mock)) = (Document::of(NAME, "neon"), validating_mock(NAME, "neon")) else {
        return;
    };
    for text in [OWN, MAIN] {
        let stage = stage(text);
        stage.run(&["up", "-d"]);
        stage.run(&["resource", "db"]);
        stage.run(&["resource", "db", "create-branch", "preview"]);
        stage.run(&["resource", "db", "reset-branch", "preview", "--yes"]);
        stage.run(&["resource", "db", "delete-branch", "preview", "--yes"]);
        stage.run(&["pause", "db"]);
        stage.wait_until_paused(ErrorCode::ResourcePaused);
        stage.run(&["resume", "db"]);
        stage.run(&["down"]);
        let requests = stage.cloud.state().requests.all().to_vec();
        assert!(requests.len() > 20, "{}", requests.len());
        let faults = document.faults(&requests);
        assert!(faults.is_empty(), "{faults:#?}");
        assert_eq!(replay(&mock, &requests), [""; 0]);
    }
}
