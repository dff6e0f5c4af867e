use std::time::Duration;

use serde_json::{Value, json};

use super::Render;
use crate::clouds::shared::rfc3339;
use crate::clouds::{FakeCloud, Token};

/// With a clock that stands still, and its service `api`.
fn cloud() -> (FakeCloud<Render>, String) {
    let cloud = FakeCloud::<Render>::start();
    cloud.state().clock.stop();
    let service = cloud.state().vendor.service("api").unwrap().id.clone();
    (cloud, service)
}

fn get(cloud: &FakeCloud<Render>, path: &str) -> Value {
    let reply = cloud.ask("GET", path, &Value::Null);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.value()
}

fn deploy(cloud: &FakeCloud<Render>, service: &str) -> Value {
    let reply = cloud.ask("POST", &format!("/services/{service}/deploys"), &json!({}));
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.value()
}

/// The newest first.
fn statuses(cloud: &FakeCloud<Render>, service: &str) -> Vec<Value> {
    let deploys = get(cloud, &format!("/services/{service}/deploys"));
    deploys.as_array().unwrap().iter().map(|one| one["deploy"]["status"].clone()).collect()
}

#[test]
fn a_deploy_is_built_and_goes_live_in_the_place_of_the_one_before() {
    let (cloud, service) = cloud();
    deploy(&cloud, &service);
    let mut seen = vec![statuses(&cloud, &service)];
    for _ in 0..50 {
        cloud.advance(Duration::from_millis(10));
        seen.push(statuses(&cloud, &service));
    }
    seen.dedup();
    let with_live = ["created", "build_in_progress", "update_in_progress"]
        .map(|status| vec![json!(status), json!("live")]);
    assert_eq!(seen[..3], with_live);
    assert_eq!(seen[3..], [vec![json!("live"), json!("deactivated")]]);
}

#[test]
fn a_deploy_ends_the_one_on_its_way_or_waits_for_it_without_a_word() {
    let (cloud, service) = cloud();
    let first = deploy(&cloud, &service);
    deploy(&cloud, &service);
    assert_eq!(statuses(&cloud, &service), ["created", "canceled", "live"]);
    cloud.control(&json!({"do": "plan", "does_wait": true}));
    let reply = cloud.ask("POST", &format!("/services/{service}/deploys"), &json!({}));
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
    assert_eq!(statuses(&cloud, &service), ["queued", "created", "canceled", "live"]);
    cloud.advance(Duration::from_secs(2));
    assert_eq!(statuses(&cloud, &service), ["live", "deactivated", "canceled", "deactivated"]);
    let path = format!("/services/{service}/deploys/{}/cancel", first["id"].as_str().unwrap());
    assert_eq!(cloud.ask("POST", &path, &Value::Null).status, 400);
}

#[test]
fn a_service_is_suspended_and_resumed_a_moment_later_and_then_deployed_anew() {
    let (cloud, service) = cloud();
    let suspended = || get(&cloud, &format!("/services/{service}"))["suspended"].clone();
    let order = |what: &str| cloud.ask("POST", &format!("/services/{service}/{what}"), &Value::Null).status;
    assert_eq!((order("suspend"), suspended()), (202, json!("not_suspended")));
    cloud.advance(Duration::from_secs(1));
    assert_eq!(suspended(), "suspended");
    assert_eq!(cloud.ask("POST", &format!("/services/{service}/deploys"), &json!({})).status, 400);
    assert_eq!(order("resume"), 202);
    cloud.advance(Duration::from_secs(1));
    let newest = get(&cloud, &format!("/services/{service}/deploys?limit=1"))[0]["deploy"].clone();
    assert_eq!(
        (suspended(), &newest["trigger"], &newest["status"]),
        (json!("not_suspended"), &json!("service_resumed"), &json!("live"))
    );
}

#[test]
fn what_was_made_after_a_moment_is_found_by_it() {
    let (cloud, service) = cloud();
    cloud.advance(Duration::from_secs(5));
    let now = rfc3339(cloud.state().clock.now());
    cloud.advance(Duration::from_millis(1));
    let one = deploy(&cloud, &service);
    let found = get(&cloud, &format!("/services/{service}/deploys?createdAfter={now}"));
    assert_eq!((found.as_array().unwrap().len(), &found[0]["deploy"]["id"]), (1, &one["id"]));
    assert_eq!(
        cloud.ask("GET", &format!("/services/{service}/deploys?createdAfter=now"), &Value::Null).status,
        400
    );
}

#[test]
fn lists_go_on_behind_the_cursor_of_the_last_thing() {
    let (cloud, _) = cloud();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&cloud, &format!("/services?limit=2{cursor}"));
        let page = page.as_array().unwrap();
        seen.extend(page.iter().map(|one| one["service"]["name"].clone()));
        if page.len() < 2 {
            break;
        }
        cursor = format!("&cursor={}", page[1]["cursor"].as_str().unwrap());
    }
    assert_eq!(seen, ["nightly", "jobs", "api"]);
}

#[test]
fn each_service_is_deployed_so_often_a_minute_and_what_a_key_does_not_reach_is_not_there() {
    let (cloud, service) = cloud();
    cloud.state().vendor.plan.limit = 1;
    deploy(&cloud, &service);
    let refused = cloud.ask("POST", &format!("/services/{service}/suspend"), &Value::Null);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    assert_eq!(refused.value()["message"], "rate limit exceeded");
    cloud.advance(Duration::from_secs(60));
    deploy(&cloud, &service);
    let other = cloud.state().vendor.workspaces[1].id.clone();
    let elsewhere = cloud.add_token(Token::new("").only(&[&other]));
    let viewer = cloud.add_token(Token::new("").may(&["read"]));
    let path = format!("/services/{service}/deploys");
    let status = |token: &str| cloud.ask_as(token, "POST", &path, &json!({})).status;
    assert_eq!((status("x"), status(&viewer), status(&elsewhere)), (401, 403, 404));
}
