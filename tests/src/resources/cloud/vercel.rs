use std::time::Duration;

use kinfra_rpc::{ErrorCode, NodeState, Phase};
use serde_json::{Value, json};

use super::stage::{SOON, Stage};
use crate::clouds::{Fault, Lag, Token, Vercel};
use crate::wait_until;

const SHOP: &str = "
project: shop
resources:
  db: {type: vercel, url: CLOUD, token: '${secret:cloud}', project: shop, team: acme}
services:
  api: {run: 'env > found; exec MISBEHAVE serve', depends_on: [db]}
";

const DEPLOYED: &str = "
project: shop
resources:
  db: {type: vercel, url: CLOUD, token: '${secret:cloud}', project: shop, team: acme, deploy: on_start}
services:
  api: {run: 'env > found; exec MISBEHAVE serve', depends_on: [db]}
";

const DEPLOYMENTS: &str = "/v13/deployments";
const PROMOTE: &str = "/v10/projects/*/promote/*";
const CANCEL: &str = "/v12/deployments/*/cancel";

fn stage(text: &str) -> Stage<Vercel> {
    Stage::new(text, |_: &Vercel| String::new())
}

/// The ids of the deployments of `shop`, the oldest one first.
fn deployments(stage: &Stage<Vercel>) -> Vec<String> {
    let state = stage.cloud.state();
    let shop = state.vendor.project("shop").unwrap().id.clone();
    let its = state.vendor.deployments.iter().filter(|one| one.project == shop);
    its.map(|one| one.id.clone()).collect()
}

/// The id of the one that visitors get.
fn served(stage: &Stage<Vercel>) -> String {
    stage.cloud.state().vendor.project("shop").unwrap().production.clone().unwrap().1
}

/// What its answers were lost of, and how often it was asked for.
fn changes(stage: &Stage<Vercel>) -> Vec<String> {
    let state = stage.cloud.state();
    state.requests.writes().map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// It takes effect, and nobody hears of that: in two ways.
fn lost(method: &str, path: &str) -> [Fault; 2] {
    [Fault::on(method, path).after().reset(), Fault::on(method, path).after().status(502)]
}

#[test]
fn a_start_uses_what_is_there_and_changes_nothing() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    let [id] = &*deployments(&stage) else { panic!("{:?}", deployments(&stage)) };
    assert_eq!(stage.found("DB_URL"), "https://shop.vercel.app");
    assert!(stage.found("DB_DEPLOYMENT_URL").ends_with("-acme.vercel.app"));
    assert_eq!((stage.found("DB_DEPLOYMENT_ID"), stage.found("DB_STATE")), (id.clone(), "READY".to_owned()));
    let printed = stage.run(&["resource", "db"]);
    assert!(printed.contains("ada@example.com") && printed.contains(id), "{printed}");
    stage.run(&["down"]);
    stage.run(&["up", "-d"]);
    stage.run(&["remove"]);
    assert_eq!(changes(&stage), [""; 0]);
}

#[test]
fn what_is_deployed_by_a_word_is_deployed_once_though_nobody_heard_of_it() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    let first = served(&stage);
    // The list is late with what was made, too.
    stage.cloud.lag(Lag::on("/v7/deployments").reads(2));
    for (number, fault) in lost("POST", DEPLOYMENTS).into_iter().enumerate() {
        stage.cloud.fault(fault);
        let (code, printed) = stage.try_run(&["resource", "db", "deploy"]);
        assert_eq!(code, Some(2), "{printed}");
        assert!(printed.contains("Deploy shop to production at Vercel?"), "{printed}");
        assert_eq!(changes(&stage).len(), 2 * number, "nobody has said yes");
        stage.run(&["resource", "db", "deploy", "main", "--yes"]);
        stage.cloud.fault(Fault::on("POST", DEPLOYMENTS).after().reset());
        stage.run(&["resource", "db", "redeploy", &first, "--yes"]);
        stage.cloud.mend();
        assert_eq!(stage.count("POST", DEPLOYMENTS), 2 * (number + 1));
    }
    assert_eq!(deployments(&stage).len(), 5);
    stage.cloud.catch_up();
    // Each is built, and takes the place of the one before.
    let last = deployments(&stage).pop().unwrap();
    wait_until("the last one to be served", SOON, || served(&stage) == last);
    stage.inspect();
    stage.wait_for("it to be well", NodeState::is_healthy);
}

#[test]
fn production_is_given_to_another_one_once_and_only_after_a_yes() {
    for fault in lost("POST", PROMOTE) {
        let stage = stage(SHOP);
        let first = served(&stage);
        let second = stage.cloud.control(&json!({"do": "push", "project": "shop"}))["id"].clone();
        wait_until("the second one to be served", SOON, || served(&stage) == second);
        stage.run(&["up", "-d"]);
        let (code, printed) = stage.try_run(&["resource", "db", "promote", &first]);
        assert_eq!(code, Some(2), "{printed}");
        assert!(
            printed.contains(&format!("Change the production of shop at Vercel to {first}")),
            "{printed}"
        );
        assert_eq!(changes(&stage), [""; 0]);
        stage.cloud.fault(fault);
        stage.run(&["resource", "db", "promote", &first, "--yes"]);
        wait_until("the first one to be served again", SOON, || served(&stage) == first);
        assert_eq!((stage.count("POST", PROMOTE), changes(&stage).len()), (1, 1));
        let listed = stage.inspect();
        let item = listed.lists[0].items.iter().find(|item| item.name == first).unwrap();
        assert!(item.detail.as_deref().is_some_and(|detail| detail.starts_with("served")), "{item:?}");
    }
}

#[test]
fn a_build_is_canceled_once_and_only_after_a_yes() {
    for fault in lost("PATCH", CANCEL) {
        let stage = stage(SHOP);
        stage.run(&["up", "-d"]);
        stage.cloud.state().vendor.plan.building = Duration::from_secs(3600);
        let built = stage.cloud.control(&json!({"do": "push", "project": "shop"}))["id"].clone();
        let built = built.as_str().unwrap();
        let (code, printed) = stage.try_run(&["resource", "db", "cancel-build", built]);
        assert_eq!((code, changes(&stage).len()), (Some(2), 0), "{printed}");
        assert!(printed.contains(&format!("Cancel the build {built}")), "{printed}");
        // What is served goes on while another one is built.
        stage.wait_for("it to be well", NodeState::is_healthy);
        stage.cloud.fault(fault);
        stage.run(&["resource", "db", "cancel-build", built, "--yes"]);
        assert_eq!(changes(&stage), [format!("PATCH /v12/deployments/{built}/cancel")]);
        stage.inspect();
        let node = stage.wait_for("it to be told", |node| node.detail.contains("CANCELED"));
        assert!(node.is_healthy(), "what is served goes on: {node:?}");
    }
}

#[test]
fn a_build_that_failed_is_told_with_its_reason_and_with_what_is_served() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    let first = served(&stage);
    stage.cloud.control(&json!({"do": "plan", "outcome": "ERROR"}));
    let failed = stage.cloud.control(&json!({"do": "push", "project": "shop"}))["id"].clone();
    wait_until("the build to fail", SOON, || {
        let mut state = stage.cloud.state();
        let now = state.settle();
        state.vendor.deployment(failed.as_str().unwrap()).unwrap().course.at(now) == "ERROR"
    });
    stage.inspect();
    let told = format!("npm run build\" exited with 1 ({first} is served)");
    let node = stage.wait_for("it to be told", |node| node.detail.contains(&told));
    assert!(!node.is_healthy(), "{node:?}");
    // Nor does a start take for well what is not.
    stage.run(&["down"]);
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("the project shop is ERROR") && printed.contains("exited with 1"), "{printed}");
    assert_eq!(changes(&stage), [""; 0], "it is for its user to deploy it");
}

#[test]
fn a_project_that_is_paused_in_its_settings_is_told_as_paused_and_stays_so() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    let pause = stage.cloud.ask("POST", "/v1/projects/shop/pause?slug=acme", &Value::Null);
    assert_eq!(pause.status, 200);
    let node = stage.wait_until_paused(ErrorCode::ResourcePaused);
    assert!(node.detail.contains("visitors get an error"), "{node:?}");
    let (code, printed) = stage.try_run(&["pause", "db"]);
    assert_eq!(code, Some(2), "it is not for KInfra to pause it: {printed}");
    let (code, printed) = stage.try_run(&["resume", "db"]);
    assert_eq!(code, Some(2), "{printed}");
    stage.run(&["down"]);
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("resume it in the project's settings at Vercel"), "{printed}");
    assert_eq!(changes(&stage), ["POST /v1/projects/shop/pause"]);
}

#[test]
fn each_start_deploys_once_where_that_is_wished_though_nobody_heard_of_it() {
    let stage = stage(DEPLOYED);
    stage.cloud.fault(Fault::on("POST", DEPLOYMENTS).after().reset());
    stage.run(&["up", "-d"]);
    let all = deployments(&stage);
    assert_eq!((all.len(), stage.count("POST", DEPLOYMENTS)), (2, 1));
    assert_eq!(stage.found("DB_DEPLOYMENT_ID"), all[1]);
    // What runs is not started.
    stage.run(&["up", "-d"]);
    assert_eq!(stage.count("POST", DEPLOYMENTS), 1);
    // A build that fails fails the start.
    stage.run(&["down"]);
    stage.cloud.control(&json!({"do": "plan", "outcome": "ERROR"}));
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!((code, stage.count("POST", DEPLOYMENTS)), (Some(1), 2), "{printed}");
    assert!(printed.contains("exited with 1"), "{printed}");
    assert_eq!(stage.cloud.state().requests.count("DELETE", "/**"), 0);
}

#[test]
fn a_token_of_another_scope_and_a_role_that_may_not_deploy_are_told_as_such() {
    let mut stage = stage(SHOP);
    stage.token = stage.cloud.add_token(Token::new("").only(&["another-team"]));
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("Trying to access resource under scope \"acme\""), "{printed}");
    assert!(printed.contains("it takes a token whose scope has this project"), "{printed}");
    stage.run(&["quit"]);
    stage.token = "wrong".to_owned();
    let (_, printed) = stage.try_run(&["up", "-d"]);
    assert!(printed.contains("doesn't accept the token from ${secret:cloud}"), "{printed}");
    stage.run(&["quit"]);

    // Who may only look is told so when more is asked for.
    stage.token = stage.cloud.add_token(Token::new("").may(&[]));
    stage.run(&["up", "-d"]);
    let unproven = stage.inspect().sign_in.unproven;
    assert_eq!(unproven, ["deploy, promote and cancel: a role that may deploy in the project's team"]);
    let (code, printed) = stage.try_run(&["resource", "db", "deploy", "--yes"]);
    assert_eq!((code, deployments(&stage).len()), (Some(1), 1), "{printed}");
    assert!(printed.contains("somebody with a role that may deploy in the project's team"), "{printed}");
    assert_eq!(stage.db().phase, Phase::Running);
}
