use std::collections::BTreeMap;

use kinfra_rpc::{ErrorCode, NodeState, Phase};
use serde_json::{Value, json};

use super::stage::{SOON, Stage};
use crate::clouds::railway::SCHEMA;
use crate::clouds::shared::{Reply, Request};
use crate::clouds::{Fault, Lag, Railway, Token};
use crate::tools::{Tool, devservers, have, node};
use crate::wait_until;

const SHOP: &str = "
project: shop
resources:
  db: {type: railway, url: CLOUD, token: '${secret:cloud}', project: shop, service: web, rate: 10000/h}
services:
  api: {run: 'env > found; exec MISBEHAVE serve', depends_on: [db]}
";

const BY_ID: &str = "
project: shop
resources:
  db: {type: railway, url: CLOUD, token: '${secret:cloud}', project: PROJECT, service: web, rate: 10000/h}
services: {}
";

const OF_PROJECT: &str = "
project: shop
resources:
  db: {type: railway, url: CLOUD, token: '${secret:cloud}', token_of: project, service: web, rate: 10000/h}
services: {}
";

fn stage(text: &str) -> Stage<Railway> {
    Stage::new(text, |railway: &Railway| railway.projects[0].id.clone())
}

fn of_project() -> Stage<Railway> {
    let mut stage = stage(OF_PROJECT);
    let environment = stage.cloud.state().vendor.projects[0].environments[0].id.clone();
    stage.token = stage.cloud.add_token(Token::new("").kind("project").only(&[&environment]));
    stage
}

fn control(stage: &Stage<Railway>, what: &str) {
    stage.cloud.control(&json!({"do": what, "service": "web"}));
}

/// The ids of the deployments of `web`, the oldest one first.
fn deployments(stage: &Stage<Railway>) -> Vec<String> {
    let state = stage.cloud.state();
    let web = state.vendor.service("web").unwrap().id.clone();
    state.vendor.deployments.iter().filter(|one| one.service == web).map(|one| one.id.clone()).collect()
}

fn asked(request: &Request) -> &str {
    request.body["query"].as_str().unwrap()
}

/// The names of what was to change anything.
fn changes(stage: &Stage<Railway>) -> Vec<String> {
    let state = stage.cloud.state();
    let changes = state.requests.all().iter().filter_map(|request| asked(request).strip_prefix("mutation "));
    changes.map(|text| text.split('(').next().unwrap().to_owned()).collect()
}

/// A refusal, as Railway answers it: with success.
fn refused(message: &str) -> Reply {
    let errors = json!([{"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]);
    Reply::json(200, &json!({"errors": errors, "data": null}))
}

#[test]
fn a_start_uses_what_is_there_and_changes_nothing() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    assert_eq!(stage.found("DB_URL"), "https://web-production.up.railway.app");
    assert_eq!(
        (stage.found("DB_DEPLOYMENT_ID"), stage.found("DB_STATE")),
        (deployments(&stage).remove(0), "SUCCESS".into())
    );
    let printed = stage.run(&["resource", "db"]);
    assert!(printed.contains("a token of Acme, Ada's Projects"), "{printed}");
    stage.run(&["down"]);
    stage.run(&["up", "-d"]);
    stage.run(&["remove"]);
    assert_eq!(changes(&stage), [""; 0]);
}

#[test]
fn what_sleeps_is_well_and_what_crashed_is_told() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    control(&stage, "sleep");
    assert!(stage.run(&["resource", "db"]).contains("SLEEPING, wakes when it is used"));
    stage.wait_for("it to be well", NodeState::is_healthy);
    stage.run(&["down"]);
    // Nor does a start wake it.
    stage.run(&["up", "-d"]);
    assert!(stage.db().is_healthy(), "{:?}", stage.db());
    control(&stage, "crash");
    stage.inspect();
    let node = stage.wait_for("it to be told", |node| node.detail.contains("CRASHED"));
    assert!(!node.is_healthy(), "{node:?}");
    stage.run(&["down"]);
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("the service web is CRASHED") && printed.contains("`redeploy`"), "{printed}");
    assert_eq!(changes(&stage), [""; 0], "it is for its user to deploy it");
}

#[test]
fn a_refusal_that_comes_with_success_is_told_as_what_it_is() {
    let mut stage = stage(SHOP);
    stage.token = "wrong".to_owned();
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("Not Authorized") && printed.contains("it takes a token of the account"),
        "{printed}"
    );
    stage.run(&["quit"]);

    stage.token = stage.cloud.add_token(Token::new("").may(&[]));
    stage.run(&["up", "-d"]);
    let (code, printed) = stage.try_run(&["resource", "db", "redeploy", "--yes"]);
    assert_eq!((code, deployments(&stage).len()), (Some(1), 1), "{printed}");
    assert!(
        printed.contains("Not Authorized") && printed.contains("who may deploy in its workspace"),
        "{printed}"
    );
    // One that nobody has explained is told in its own words.
    stage
        .cloud
        .fault(Fault::on("POST", "").saying("query Instance").reply(refused("The cat is on the keyboard")));
    let (code, printed) = stage.try_run(&["resource", "db"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("reports an error: The cat is on the keyboard"), "{printed}");
    stage.cloud.mend();
    stage.inspect();
    stage.wait_for("it to be well", NodeState::is_healthy);
}

#[test]
fn a_deployment_is_made_again_once_though_nobody_heard_of_it() {
    let redeploys = || Fault::on("POST", "").saying("deploymentRedeploy(").after();
    for fault in [
        redeploys().reset(),
        redeploys().status(502),
        redeploys().reply(refused("Problem processing request")),
    ] {
        let stage = stage(SHOP);
        stage.run(&["up", "-d"]);
        let (code, printed) = stage.try_run(&["resource", "db", "redeploy"]);
        assert_eq!((code, changes(&stage).len()), (Some(2), 0), "{printed}");
        assert!(printed.contains("It takes the place of what runs there."), "{printed}");
        stage.cloud.fault(fault);
        // The list is late with it, too.
        stage.cloud.lag(Lag::on("").saying("query Deployments(").reads(2));
        stage.run(&["resource", "db", "redeploy", "--yes"]);
        stage.cloud.catch_up();
        assert_eq!((deployments(&stage).len(), changes(&stage)), (2, vec!["Redeploy".to_owned()]));
        let last = deployments(&stage).pop().unwrap();
        wait_until("the last one to be active", SOON, || {
            let listed = stage.inspect();
            let item = listed.lists[0].items.iter().find(|item| item.name == last).unwrap();
            item.detail.as_deref().is_some_and(|detail| detail.starts_with("active"))
        });
        stage.wait_for("it to be well", NodeState::is_healthy);
    }
}

#[test]
fn a_stopped_deployment_is_told_as_stopped_and_runs_again_by_a_start() {
    let stage = stage(SHOP);
    stage.run(&["up", "-d"]);
    let (code, printed) = stage.try_run(&["resource", "db", "stop-deployment"]);
    assert_eq!((code, changes(&stage).len()), (Some(2), 0), "{printed}");
    stage.cloud.fault(Fault::on("POST", "").saying("deploymentStop(").after().reset());
    stage.run(&["resource", "db", "stop-deployment", "--yes"]);
    let node = stage.wait_until_paused(ErrorCode::ResourcePaused);
    assert_eq!(node.phase, Phase::Running, "{node:?}");
    stage.run(&["down"]);
    stage.cloud.fault(Fault::on("POST", "").saying("deploymentRestart(").after().reset());
    stage.run(&["up", "-d"]);
    assert_eq!(
        (changes(&stage), deployments(&stage).len()),
        (vec!["Stop".to_owned(), "Restart".to_owned()], 1)
    );
}

#[test]
fn each_query_and_each_answer_that_is_read_is_one_of_the_official_schema() {
    let test = "each_query_and_each_answer_that_is_read_is_one_of_the_official_schema";
    if !have(test, &[Tool::Node, Tool::NodePackages, Tool::RailwaySchema]) {
        return;
    }
    let (named, by_id, of_project) = (stage(SHOP), stage(BY_ID), of_project());
    for stage in [&named, &by_id, &of_project] {
        stage.run(&["up", "-d"]);
        stage.run(&["resource", "db"]);
    }
    assert_eq!(of_project.inspect().sign_in.who, "a token of shop, production");
    named.run(&["resource", "db", "stop-deployment", "--yes"]);
    named.wait_until_paused(ErrorCode::ResourcePaused);
    named.cloud.fault(Fault::on("POST", "").saying("deploymentRestart(").after().reset());
    named.run(&["resource", "db", "restart"]);
    named.wait_for("it to run", NodeState::is_healthy);
    named.run(&["resource", "db", "restart", "--yes"]);
    named.run(&["resource", "db", "redeploy", "--yes"]);
    named.cloud.control(&json!({"do": "plan", "building_ms": 3_600_000}));
    control(&named, "push");
    named.run(&["resource", "db", "cancel-deployment", "--yes"]);

    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for stage in [&named, &by_id, &of_project] {
        let requests = stage.cloud.state().requests.all().to_vec();
        for request in requests.iter().filter(|request| request.answer["data"].is_object()) {
            let (query, variables) = (asked(request), &request.body["variables"]);
            let name = query.split(['(', ' ']).nth(1).unwrap();
            let data = &request.answer["data"];
            all.insert(
                name.to_owned(),
                json!({"name": name, "query": query, "variables": variables, "data": data}),
            );
        }
    }
    let names: Vec<_> = all.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "Cancel",
            "Deployment",
            "Deployments",
            "DeploymentsForAccount",
            "DeploymentsForProject",
            "Instance",
            "Project",
            "ProjectOfToken",
            "Projects",
            "Redeploy",
            "Restart",
            "Stop",
        ]
    );
    let (asked, schema) = (all.into_values().collect::<Vec<_>>(), devservers().join("railway/schema.json"));
    let found =
        node("clouds/compare_railway.cjs", &json!({"schema": schema, "subset": SCHEMA, "asked": asked}));
    assert_eq!((&found["faults"], &found["asked"]), (&json!([]), &json!(asked.len())));
}
