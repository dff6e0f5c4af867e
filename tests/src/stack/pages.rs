//! What stands in for a service that can't answer.

use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::{Phase, StackStatus};
use serde_json::Value;

use crate::{TestProject, http, wait_for};

const SOON: Duration = Duration::from_secs(20);
const EVENTS: &str = "/.well-known/kinfra/events";

fn json(answer: &http::Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:#?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn a_page_stands_in_from_the_first_moment_and_reloads_once_when_the_service_answers() {
    let project = TestProject::new(
        "project: slow\nservices:\n  db:\n    run: [MISBEHAVE, serve-slowly, '1500']\n  web:\n    run: [MISBEHAVE, serve]\n    depends_on:\n      db: healthy\n",
    );
    let mut up = project.command(&["up", "-d", "--json"]).stdout(Stdio::null()).spawn().unwrap();
    wait_for("the project", SOON, || project.status().filter(|project| project.nodes.len() == 2));
    project.wait_for_phase("web", Phase::Waiting);
    let (port, host) = (project.proxy_port(), "web.slow.localhost");

    let page = http::get(port, host, "/", "text/html").unwrap();
    assert_eq!(page.status, 503, "{page:#?}");
    assert!(page.header("retry-after").is_some());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.body.contains("db"), "it should say what it waits for: {}", page.body);

    let problem = json(&http::get(port, host, "/", "application/json").unwrap());
    assert_eq!(problem["status"], 503, "{problem}");

    let mut events = http::lines(port, host, EVENTS, "text/event-stream").unwrap();
    let reload =
        events.by_ref().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let told: Vec<bool> = reload.map(|event| event["reload"] == true).take_while(|reload| !reload).collect();
    assert!(!told.is_empty(), "the page must first hear of the present");
    // Told to reload: the service must answer now, not a moment later.
    assert_eq!(http::get(port, host, "/", "text/html").unwrap().status, 200);
    assert!(up.wait().unwrap().success());
}

#[test]
fn after_a_crash_the_page_says_what_happened() {
    let project = TestProject::new(
        "project: broken\nservices:\n  web:\n    run: [MISBEHAVE, crash-after, '300']\n    restart: never\n",
    );
    project.kinfra(&["up", "-d"]);
    project.wait_for_phase("web", Phase::Exited);
    assert_eq!(project.status().unwrap().status(), StackStatus::Failed);
    let (port, host) = (project.proxy_port(), "web.broken.localhost");
    let page = http::get(port, host, "/", "text/html").unwrap();
    assert_eq!(page.status, 502, "{page:#?}");
    assert!(page.body.contains("code 1"), "{}", page.body);
    assert!(page.body.contains("fatal: something is wrong, as expected"), "{}", page.body);
    let problem = json(&http::get(port, host, "/", "application/json").unwrap());
    assert_eq!(problem["status"], 502, "{problem}");
}

#[test]
fn a_stopped_service_has_a_page_and_an_unknown_host_a_list() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let port = shop.proxy_port();
    shop.succeed(&["down", "web"]);
    let page = http::get(port, "web.shop.localhost", "/", "text/html").unwrap();
    assert_eq!(page.status, 503, "{page:#?}");
    assert!(page.body.contains("stopped"), "{}", page.body);

    let unknown = http::get(port, "nobody.localhost", "/", "text/html").unwrap();
    assert_eq!(unknown.status, 404);
    assert!(unknown.body.contains("web.shop.localhost"), "{}", unknown.body);
}
