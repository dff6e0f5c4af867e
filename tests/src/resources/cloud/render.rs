use std::time::Duration;

use kinfra_rpc::{ErrorCode, NodeState, Phase};
use serde_json::json;

use super::stage::{SOON, Stage};
use crate::clouds::{Fault, Lag, Render, Token};
use crate::wait_until;

const SHOP: &str = "
project: shop
resources:
  db: {type: render, url: CLOUD, token: '${secret:cloud}', service: api}
services:
  web: {run: 'env > found; exec MISBEHAVE serve', depends_on: [db]}
";

const SUSPEND: &str = "/services/*/suspend";
const RESUME: &str = "/services/*/resume";
const DEPLOYS: &str = "/services/*/deploys";
const CANCEL: &str = "/services/*/deploys/*/cancel";

fn stage() -> Stage<Render> {
    Stage::new(SHOP, |_: &Render| String::new())
}

fn suspend(stage: &Stage<Render>, by: &str) {
    stage.cloud.control(&json!({"do": "suspend", "service": "api", "by": by}));
}

/// The ids of those of `api`, the newest one first.
fn deploys(stage: &Stage<Render>) -> Vec<String> {
    let state = stage.cloud.state();
    let api = state.vendor.service("api").unwrap().id.clone();
    state.vendor.deploys_of(&api).map(|deploy| deploy.id.clone()).collect()
}

/// How the newest one of `api` is.
fn newest(stage: &Stage<Render>) -> &'static str {
    let id = deploys(stage).remove(0);
    let mut state = stage.cloud.state();
    let now = state.settle();
    state.vendor.deploys.iter().find(|deploy| deploy.id == id).unwrap().course.at(now)
}

fn changes(stage: &Stage<Render>) -> usize {
    stage.cloud.state().requests.writes().count()
}

#[test]
fn a_start_uses_what_is_there_and_a_stop_leaves_it() {
    let stage = stage();
    stage.run(&["up", "-d"]);
    assert_eq!(stage.found("DB_URL"), "https://api.onrender.com");
    assert_eq!((stage.found("DB_HOST"), stage.found("DB_PORT")), ("api.onrender.com".into(), "443".into()));
    assert_eq!(
        (stage.found("DB_DEPLOY_ID"), stage.found("DB_STATE")),
        (deploys(&stage).remove(0), "live".into())
    );
    let printed = stage.run(&["resource", "db"]);
    assert!(printed.contains("ada@example.com") && printed.contains("Acme"), "{printed}");
    stage.run(&["down"]);
    stage.run(&["up", "-d"]);
    stage.run(&["remove"]);
    assert_eq!(changes(&stage), 0);
}

#[test]
fn what_its_user_has_suspended_is_resumed_by_a_start_that_waits_until_it_is_live() {
    let stage = stage();
    suspend(&stage, "user");
    stage.cloud.fault(Fault::on("POST", RESUME).after().reset());
    stage.run(&["up", "-d"]);
    assert_eq!((newest(&stage), deploys(&stage).len()), ("live", 2), "a resumed service is deployed once");
    assert!(stage.db().is_healthy(), "{:?}", stage.db());
    assert_eq!(stage.count("POST", DEPLOYS), 0);
}

#[test]
fn a_pause_suspends_it_after_a_yes_and_a_word_resumes_it() {
    let stage = stage();
    stage.run(&["up", "-d"]);
    let (code, printed) = stage.try_run(&["pause", "db"]);
    assert_eq!((code, changes(&stage)), (Some(2), 0), "{printed}");
    assert!(printed.contains("Visitors get nothing from it until it is resumed."), "{printed}");
    stage.run(&["pause", "db", "--yes"]);
    let node = stage.wait_until_paused(ErrorCode::ResourcePaused);
    assert_eq!((node.phase, stage.count("POST", SUSPEND)), (Phase::Running, 1));
    wait_until("it to be suspended", SOON, || stage.run(&["resource", "db"]).contains("suspended"));
    let (code, printed) = stage.try_run(&["resource", "db", "deploy", "--yes"]);
    assert_eq!((code, stage.count("POST", DEPLOYS)), (Some(2), 0), "{printed}");
    assert!(printed.contains("it is suspended"), "{printed}");
    stage.run(&["resume", "db"]);
    stage.wait_for("it to go on", NodeState::is_healthy);
    assert_eq!((stage.count("POST", RESUME), stage.count("POST", SUSPEND)), (1, 1));
}

#[test]
fn what_render_has_suspended_is_told_as_its_and_is_not_to_be_resumed_from_here() {
    let stage = stage();
    stage.run(&["up", "-d"]);
    suspend(&stage, "billing");
    let node = stage.wait_until_paused(ErrorCode::ResourcePausedByVendor);
    assert_eq!(node.detail, "Render has paused it: suspended by billing");
    let (code, printed) = stage.try_run(&["resume", "db"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("suspended by billing") && printed.contains("Render's dashboard"), "{printed}");
    // Nor does a start wait for what nobody here can bring about.
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("suspended by billing"), "{printed}");
    assert_eq!(changes(&stage), 0);
}

#[test]
fn a_service_is_deployed_once_though_nobody_heard_of_it_and_its_deploys_are_listed() {
    for fault in [Fault::on("POST", DEPLOYS).after().reset(), Fault::on("POST", DEPLOYS).after().status(502)]
    {
        let stage = stage();
        stage.run(&["up", "-d"]);
        let (code, printed) = stage.try_run(&["resource", "db", "deploy"]);
        assert_eq!((code, changes(&stage)), (Some(2), 0), "{printed}");
        assert!(printed.contains("Deploy api at Render? Visitors get it once it is built."), "{printed}");
        stage.cloud.fault(fault);
        // The list is late with it, too.
        stage.cloud.lag(Lag::on(DEPLOYS).reads(2));
        stage.run(&["resource", "db", "deploy", "--yes"]);
        stage.cloud.catch_up();
        assert_eq!((stage.count("POST", DEPLOYS), deploys(&stage).len()), (1, 2));
        wait_until("it to be live", SOON, || newest(&stage) == "live");
        let inspection = stage.inspect();
        let list = inspection.lists.iter().find(|list| list.title == "Deploys").unwrap();
        let listed: Vec<_> =
            list.items.iter().map(|item| (&*item.name, item.state.as_deref().unwrap())).collect();
        let all = deploys(&stage);
        assert_eq!(listed, [(&*all[0], "live"), (&*all[1], "deactivated")]);
    }
}

#[test]
fn while_something_is_deployed_it_is_not_paused_and_that_is_canceled_only_after_a_yes() {
    let stage = stage();
    stage.run(&["up", "-d"]);
    stage.cloud.state().vendor.plan.building = Duration::from_secs(3600);
    let pushed = stage.cloud.control(&json!({"do": "push", "service": "api"}))["id"].clone();
    let pushed = pushed.as_str().unwrap();
    let (code, printed) = stage.try_run(&["pause", "db", "--yes"]);
    assert_eq!((code, changes(&stage)), (Some(1), 0), "{printed}");
    assert!(printed.contains("can't be paused now"), "{printed}");
    assert!(stage.db().is_healthy(), "what is live goes on: {:?}", stage.db());
    let (code, printed) = stage.try_run(&["resource", "db", "deploy"]);
    assert_eq!((code, changes(&stage)), (Some(2), 0), "{printed}");
    assert!(printed.contains("which is under way, may be canceled by that"), "{printed}");

    let (code, printed) = stage.try_run(&["resource", "db", "cancel-deploy", pushed]);
    assert_eq!((code, changes(&stage)), (Some(2), 0), "{printed}");
    assert!(printed.contains(&format!("Cancel the deploy {pushed}")), "{printed}");
    stage.cloud.fault(Fault::on("POST", CANCEL).after().reset());
    stage.run(&["resource", "db", "cancel-deploy", pushed, "--yes"]);
    assert_eq!((newest(&stage), changes(&stage)), ("canceled", 1));
    stage.inspect();
    let node = stage.wait_for("it to be told", |node| node.detail.contains("canceled"));
    assert!(node.is_healthy(), "{node:?}");
}

#[test]
fn a_deploy_that_failed_is_told_with_the_one_that_is_live() {
    let stage = stage();
    stage.run(&["up", "-d"]);
    let live = deploys(&stage).remove(0);
    stage.cloud.control(&json!({"do": "plan", "outcome": "build_failed"}));
    stage.cloud.control(&json!({"do": "push", "service": "api"}));
    wait_until("the build to fail", SOON, || newest(&stage) == "build_failed");
    stage.inspect();
    let told = format!("build_failed ({live} is live)");
    let node = stage.wait_for("it to be told", |node| node.detail.contains(&told));
    assert!(!node.is_healthy(), "{node:?}");
    assert_eq!(changes(&stage), 0, "it is for its user to deploy it");
}

#[test]
fn a_key_that_only_looks_is_told_so_when_more_is_asked_for() {
    let mut stage = stage();
    stage.token = stage.cloud.add_token(Token::new("rnd_").may(&[]));
    stage.run(&["up", "-d"]);
    let unproven = stage.inspect().sign_in.unproven;
    assert!(
        unproven[0].starts_with("deploy, cancel, suspend and resume: a role in the workspace"),
        "{unproven:?}"
    );
    for deed in [&["pause", "db", "--yes"][..], &["resource", "db", "deploy", "--yes"]] {
        let (code, printed) = stage.try_run(deed);
        assert_eq!(code, Some(1), "{printed}");
        assert!(printed.contains("whose role in the workspace may change its services"), "{printed}");
    }
    assert_eq!((stage.db().paused(), deploys(&stage).len()), (None, 1));
    stage.run(&["quit"]);
    stage.token = "rnd_wrong".to_owned();
    let (_, printed) = stage.try_run(&["up", "-d"]);
    assert!(printed.contains("doesn't accept the token from ${secret:cloud}"), "{printed}");
}
