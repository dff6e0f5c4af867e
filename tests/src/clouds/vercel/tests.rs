use std::time::Duration;

use serde_json::{Value, json};

use super::Vercel;
use crate::clouds::{FakeCloud, Fault, Lag, Token};

/// With a clock that stands still, and the query by which things of its team are asked for.
fn cloud() -> (FakeCloud<Vercel>, String) {
    let cloud = FakeCloud::<Vercel>::start();
    cloud.state().clock.stop();
    let team = cloud.state().vendor.teams[0].id.clone();
    (cloud, format!("teamId={team}"))
}

fn get(cloud: &FakeCloud<Vercel>, path: &str) -> Value {
    let reply = cloud.ask("GET", path, &Value::Null);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.value()
}

fn deploy(cloud: &FakeCloud<Vercel>, query: &str, more: &Value) -> Value {
    let mut body = json!({
        "name": "shop", "target": "production", "gitSource": {"type": "github", "repoId": 4711, "ref": "main"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let reply = cloud.ask("POST", &format!("/v13/deployments?{query}"), &body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.value()
}

fn state(cloud: &FakeCloud<Vercel>, team: &str, id: &Value) -> Value {
    get(cloud, &format!("/v13/deployments/{}?{team}", id.as_str().unwrap()))["readyState"].clone()
}

#[test]
fn a_deployment_is_queued_and_built_and_gets_the_domains_when_it_is_ready() {
    let (cloud, team) = cloud();
    let one = deploy(&cloud, &team, &json!({}));
    assert_eq!(one["readyState"], "QUEUED");
    let mut seen = vec![state(&cloud, &team, &one["id"])];
    for _ in 0..40 {
        cloud.advance(Duration::from_millis(10));
        seen.push(state(&cloud, &team, &one["id"]));
    }
    seen.dedup();
    assert_eq!(seen, ["QUEUED", "INITIALIZING", "BUILDING", "READY"]);
    let project = get(&cloud, &format!("/v9/projects/shop?{team}"));
    assert_eq!(project["targets"]["production"]["id"], one["id"]);
    assert_eq!(project["targets"]["production"]["alias"], json!(["shop.vercel.app"]));
}

#[test]
fn a_failed_build_says_why_and_leaves_the_domains_where_they_are() {
    let (cloud, team) = cloud();
    let before = get(&cloud, &format!("/v9/projects/shop?{team}"))["targets"]["production"]["id"].clone();
    cloud.control(&json!({"do": "plan", "outcome": "ERROR"}));
    let one = deploy(&cloud, &team, &json!({}));
    cloud.advance(Duration::from_secs(1));
    let told = get(&cloud, &format!("/v13/deployments/{}?{team}", one["id"].as_str().unwrap()));
    assert_eq!(
        (&told["readyState"], &told["errorMessage"]),
        (&json!("ERROR"), &json!("Command \"npm run build\" exited with 1"))
    );
    assert_eq!(get(&cloud, &format!("/v9/projects/shop?{team}"))["targets"]["production"]["id"], before);
}

#[test]
fn a_lost_creation_is_found_by_its_meta_and_one_without_force_may_be_an_older_one() {
    let (cloud, team) = cloud();
    let found =
        |run: &str| get(&cloud, &format!("/v7/deployments?{team}&meta-run={run}"))["deployments"].clone();
    let first = deploy(&cloud, &team, &json!({"meta": {"run": "1"}}));
    assert_eq!(found("1")[0]["uid"], first["id"]);
    assert_eq!(deploy(&cloud, &team, &json!({"meta": {"run": "2"}}))["id"], first["id"]);
    assert_eq!(found("2"), json!([]));
    let forced = deploy(&cloud, &format!("{team}&forceNew=1"), &json!({"meta": {"run": "3"}}));
    assert_ne!(forced["id"], first["id"]);
    assert_eq!(found("3")[0]["uid"], forced["id"]);
    cloud.lag(Lag::on("/v7/deployments").reads(1));
    let late = deploy(&cloud, &format!("{team}&forceNew=1"), &json!({"meta": {"run": "4"}}));
    assert_eq!((found("4"), found("4")[0]["uid"].clone()), (json!([]), late["id"].clone()));
}

#[test]
fn what_is_on_its_way_is_canceled_and_what_is_finished_is_not() {
    let (cloud, team) = cloud();
    let one = deploy(&cloud, &team, &json!({}));
    let path = format!("/v12/deployments/{}/cancel?{team}", one["id"].as_str().unwrap());
    assert_eq!(cloud.ask("PATCH", &path, &Value::Null).value()["readyState"], "CANCELED");
    cloud.advance(Duration::from_secs(1));
    assert_eq!(state(&cloud, &team, &one["id"]), "CANCELED");
    assert_eq!(cloud.ask("PATCH", &path, &Value::Null).status, 400);
}

#[test]
fn domains_are_given_back_to_an_older_deployment_after_a_moment() {
    let (cloud, team) = cloud();
    let project = || get(&cloud, &format!("/v9/projects/shop?{team}"));
    let (id, old) = (project()["id"].clone(), project()["targets"]["production"]["id"].clone());
    let new = deploy(&cloud, &team, &json!({}));
    cloud.advance(Duration::from_secs(1));
    let promote = |one: &Value| {
        let path = format!("/v10/projects/{}/promote/{}?{team}", id.as_str().unwrap(), one.as_str().unwrap());
        cloud.ask("POST", &path, &json!({})).status
    };
    assert_eq!((promote(&new["id"]), promote(&old)), (409, 201));
    assert_eq!(project()["lastAliasRequest"]["jobStatus"], "pending");
    cloud.advance(Duration::from_secs(1));
    assert_eq!(
        (&project()["lastAliasRequest"]["jobStatus"], &project()["targets"]["production"]["id"]),
        (&json!("succeeded"), &old)
    );
    let preview = deploy(&cloud, &team, &json!({"target": null}));
    cloud.advance(Duration::from_secs(1));
    assert_eq!((promote(&preview["id"]), promote(&old)), (400, 409));
}

#[test]
fn a_token_is_unknown_or_of_another_team_or_may_not_deploy_each_in_vercels_words() {
    let (cloud, team) = cloud();
    let error = |token: &str, method: &str, path: &str| {
        let reply = cloud.ask_as(token, method, path, &json!({}));
        (reply.status, reply.value()["error"].clone())
    };
    let unknown = json!({"code": "forbidden", "message": "Not authorized", "invalidToken": true});
    assert_eq!(error("x", "GET", "/v2/user"), (403, unknown));
    let foreign = cloud.add_token(Token::new("").only(&["user_ada"]));
    let (status, told) = error(&foreign, "GET", &format!("/v10/projects?{team}"));
    assert_eq!((status, &told["scope"]), (403, &json!("acme")));
    assert!(told["message"].as_str().unwrap().contains("You must re-authenticate to this scope"), "{told}");
    let viewer = cloud.add_token(Token::new("").may(&["read"]));
    assert_eq!(
        error(&viewer, "POST", "/v13/deployments").1,
        json!({"code": "forbidden", "message": "Not authorized"})
    );
    // Without the team it is about the user's own things.
    let names = |path: &str| {
        get(&cloud, path)["projects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (names("/v10/projects"), names(&format!("/v10/projects?{team}"))),
        (vec![json!("notes")], vec![json!("shop")])
    );
}

#[test]
fn lists_go_on_by_what_the_last_page_told() {
    let (cloud, team) = cloud();
    for _ in 0..4 {
        cloud.advance(Duration::from_secs(1));
        deploy(&cloud, &format!("{team}&forceNew=1"), &json!({}));
    }
    let (mut seen, mut until) = (Vec::new(), String::new());
    loop {
        let page = get(&cloud, &format!("/v7/deployments?{team}&limit=2{until}"));
        seen.extend(page["deployments"].as_array().unwrap().iter().map(|one| one["uid"].clone()));
        let Some(next) = page["pagination"]["next"].as_u64() else { break };
        until = format!("&until={next}");
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(cloud.ask("GET", "/v7/deployments?limit=101", &Value::Null).status, 400);
}

#[test]
fn too_many_requests_are_told_when_to_come_again_and_a_fault_speaks_like_vercel() {
    let (cloud, _) = cloud();
    cloud.state().rate.limit = 1;
    let answered = cloud.ask("GET", "/v2/user", &Value::Null);
    assert_eq!(answered.header("x-ratelimit-remaining"), Some("0"));
    let refused = cloud.ask("GET", "/v2/user", &Value::Null);
    let reset: u64 = refused.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert_eq!((refused.status, &refused.value()["error"]["limit"]["reset"]), (429, &json!(reset)));
    cloud.advance(Duration::from_secs(60));
    cloud.fault(Fault::on("GET", "/v2/user").status(503));
    let answer = crate::http::get(cloud.address().port(), "x", "/v2/user", "*/*").unwrap();
    assert!(answer.status == 503 && answer.body.contains("internal_server_error"), "{}", answer.body);
}
