//! The proxy's own pages in a browser: their buttons, and what other pages can do with them.

use std::sync::MutexGuard;
use std::thread;
use std::time::Duration;

use kinfra_rpc::Phase;
use serde_json::json;

use crate::tools::{Tool, have, node, turn};
use crate::{TestProject, http, wait_until};

const BROWSER: [Tool; 3] = [Tool::Node, Tool::NodePackages, Tool::Chromium];
const SHOP: &str = "
project: shop
services:
  web: {run: [MISBEHAVE, serve]}
  api: {run: [MISBEHAVE, serve]}
";

/// For a browser, which takes a good part of a machine.
fn with_web_stopped(test: &str) -> Option<(MutexGuard<'static, ()>, TestProject)> {
    if !have(test, &BROWSER) {
        return None;
    }
    let (turn, project) = (turn(), TestProject::new(SHOP));
    project.succeed(&["up", "-d"]);
    project.succeed(&["down", "web"]);
    Some((turn, project))
}

#[test]
fn a_button_of_a_page_starts_the_service_and_the_page_gives_way_to_it_once() {
    let test = "a_button_of_a_page_starts_the_service_and_the_page_gives_way_to_it_once";
    let Some((_turn, project)) = with_web_stopped(test) else { return };
    let url = format!("http://web.shop.localhost:{}/cart?of=me", project.proxy_port());
    let seen = node("browser/start.cjs", &json!({"url": url, "button": "Start"}));
    assert_eq!(seen["headline"], "web is stopped", "{seen}");
    assert_eq!(seen["location"], url, "{seen}");
    assert_eq!(seen["documents"], json!([format!("GET {url}"), format!("GET {url}")]), "{seen}");
    assert_eq!(project.node("web").phase, Phase::Running);
}

#[test]
fn no_page_of_another_host_can_press_a_button_or_read_a_page() {
    let test = "no_page_of_another_host_can_press_a_button_or_read_a_page";
    let Some((_turn, project)) = with_web_stopped(test) else { return };
    let port = project.proxy_port();
    let options = json!({
        "url": format!("http://api.shop.localhost:{port}/"),
        "target": format!("http://web.shop.localhost:{port}"),
    });
    let seen = node("browser/attack.cjs", &options);
    assert_eq!(
        seen["tried"],
        json!({
            // Sent, and answered with a refusal that nobody may read.
            "blind": "opaque",
            "open": "refused",
            "logs": "refused",
            "page": "refused",
            "framed": "closed",
            "listened": "refused",
        }),
        "{seen}"
    );
    assert_eq!(seen["submitted"], 403, "{seen}");
    assert_eq!(project.node("web").phase, Phase::Stopped);
}

#[test]
fn a_site_that_leads_its_own_name_here_is_shown_no_list_and_no_service() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let port = project.proxy_port();
    for path in ["/", "/.well-known/kinfra/logs/", "/.well-known/kinfra/events/"] {
        let answer = http::get(port, "rebound.example", path, "text/html").unwrap();
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("shop"), "{path}: {}", answer.body);
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let known = http::get(port, "nobody.localhost", "/", "text/html").unwrap();
    assert!(known.body.contains("web.shop.localhost"), "{}", known.body);
}

#[test]
fn a_page_below_a_path_is_about_the_service_that_takes_the_path() {
    let project = TestProject::new(
        "project: shop\nservices:\n  web: {run: [MISBEHAVE, serve]}\n  api: {run: [MISBEHAVE, serve], route: /api}\n",
    );
    project.succeed(&["up", "-d"]);
    project.succeed(&["down", "api"]);
    let (port, host) = (project.proxy_port(), "shop.localhost");
    let page = http::get(port, host, "/api/x", "text/html").unwrap();
    assert!(page.body.contains("api is stopped"), "{}", page.body);
    assert!(page.body.contains("action=\"/.well-known/kinfra/start/api/x\""), "{}", page.body);
    let told = http::lines(port, host, "/.well-known/kinfra/events/api/x", "text/event-stream").unwrap();
    let first = told.into_iter().find(|line| line.starts_with("data: ")).unwrap();
    assert!(first.contains("api is stopped"), "{first}");
}

#[test]
fn what_is_worked_on_shows_a_page_over_restarts_of_everything_until_that_is_ended() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let pid = project.node("web").pid;
    let get = || http::get(project.proxy_port(), "web.shop.localhost", "/", "application/json").unwrap();
    assert_eq!(get().status, 200);
    project.succeed(&["maintenance", "on", "web", "back at 15:00", "--for", "20m"]);
    let answer = get();
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("It is being worked on: back at 15:00."), "{}", answer.body);
    let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=1200).contains(&retry), "{retry}");
    assert!(project.node("web").detail.ends_with("in maintenance"));
    assert_eq!(project.node("web").pid, pid, "the service itself is left alone");
    project.succeed(&["restart", "web"]);
    assert_eq!(get().status, 503);
    project.succeed(&["quit"]);
    project.succeed(&["up", "-d"]);
    assert_eq!(get().status, 503, "the next engine knows it");
    let api = http::get(project.proxy_port(), "api.shop.localhost", "/", "application/json").unwrap();
    assert_eq!(api.status, 200);
    project.succeed(&["maintenance", "off"]);
    assert_eq!(get().status, 200);
    let refused = project.kinfra(&["maintenance", "on", "nobody"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[test]
fn what_a_program_sends_while_the_service_is_restarted_arrives_once() {
    let test = "what_a_program_sends_while_the_service_is_restarted_arrives_once";
    if !have(test, &[Tool::Curl]) {
        return;
    }
    let project = TestProject::new(
        "project: shop\nservices:\n  web: {run: [MISBEHAVE, serve-slowly, '1500'], proxy: {hold: 60s}}\n",
    );
    project.succeed(&["up", "-d"]);
    let url = format!("http://web.shop.localhost:{}/hook", project.proxy_port());
    let before = project.node("web").pid.unwrap();
    let sent = thread::scope(|scope| {
        let restart = scope.spawn(|| project.succeed(&["restart", "web"]));
        // What is being answered when a service is told to end is the service's own business.
        project.wait_for_node("web", "on its way", |node| node.phase != Phase::Running);
        let mut sent = vec![];
        while !restart.is_finished() || sent.len() < 20 {
            let answer = super::curl::Curl::start(&url, &["--data", "an event"]).end();
            sent.push((answer.status, answer.text().to_owned()));
        }
        sent
    });
    let after = project.node("web").pid.unwrap();
    assert_ne!(before, after);
    for (status, text) in &sent {
        assert_eq!(*status, 200, "{text}");
    }
    assert!(sent.iter().any(|(_, text)| text.contains(&after.to_string())));
    let noted = || -> usize { project.kinfra(&["requests", "-n", "1000", "--json"]).stdout.lines().count() };
    wait_until("all to be noted once", Duration::from_secs(10), || noted() == sent.len());
}
