//! By which names a running project is reachable.

use std::fs;
use std::net::{Ipv4Addr, ToSocketAddrs};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::{Phase, ProjectState};
use serde_json::Value;

use crate::{TestProject, http, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(20);

const SHOP: &str = "
project: shop
services:
  web: {run: [MISBEHAVE, serve], domains: [shop.test, WWW.shop.test]}
  api: {run: [MISBEHAVE, serve], route: {path: /api, strip: true}, proxy: {hold: 1500ms, host: keep}}
  worker: {run: [MISBEHAVE, serve], port: none, health: {log: never}, manual: true}
";

/// Whether the service itself answers at this host.
fn answers(project: &TestProject, service: &str, host: &str) -> bool {
    let pid = project.node(service).pid.expect("it runs");
    let answer = http::get(project.proxy_port(), host, "/", "text/plain").expect("the proxy answers");
    answer.status == 200 && answer.body == format!("/ from {pid}\n")
}

fn hosts(project: &ProjectState, service: &str) -> Vec<String> {
    let node = project.nodes.iter().find(|node| node.name == service).expect("a service");
    node.routes.iter().map(|route| format!("{}{}", route.host, route.path)).collect()
}

#[test]
fn the_project_answers_at_its_own_host_and_at_its_domains() {
    let project = TestProject::new(SHOP);
    let printed = project.succeed(&["up", "-d"]);
    let port = project.proxy_port();
    assert!(printed.contains(&format!("shop  http://shop.localhost:{port}\n")), "{printed}");
    let status = project.succeed(&["status"]);
    assert!(status.contains(&format!("\n  http://shop.localhost:{port}\n")), "{status}");
    assert_eq!(project.json(&["status", "--json"])["url"], format!("http://shop.localhost:{port}"));

    for host in ["web.shop.localhost", "shop.localhost", "SHOP.localhost", "shop.test", "www.shop.test"] {
        assert!(answers(&project, "web", &format!("{host}:{port}")), "{host}");
    }
    assert!(answers(&project, "api", "api.shop.localhost"));
    let body = |path: &str| http::get(port, "shop.localhost", path, "text/plain").unwrap().body;
    let (web, api) = (project.node("web").pid.unwrap(), project.node("api").pid.unwrap());
    assert_eq!(body("/api/v1"), format!("/v1 from {api}\n"), "the path is taken off");
    assert_eq!(body("/apiary"), format!("/apiary from {web}\n"));
    assert_eq!(http::get(port, "other.test", "/", "text/html").unwrap().status, 404);

    let state = project.status().unwrap();
    let of_web = ["web.shop.localhost/", "shop.localhost/", "shop.test/", "www.shop.test/"];
    assert_eq!(hosts(&state, "web"), of_web);
    assert_eq!(hosts(&state, "api"), ["api.shop.localhost/", "shop.localhost/api"]);
    assert_eq!(hosts(&state, "worker"), [""; 0]);
    let api = project.node("api");
    assert!(api.routes[1].strip);
    assert_eq!(api.forwarding.hold_ms, 1500);
}

#[test]
fn a_programs_request_waits_for_a_service_that_says_so_and_is_told_at_once_by_another() {
    let project = TestProject::new(
        "
project: slow
services:
  web: {run: [MISBEHAVE, serve-slowly, '1500'], proxy: {hold: 30s}}
  api: {run: [MISBEHAVE, serve-slowly, '1500']}
",
    );
    let mut up = project.command(&["up", "-d", "--json"]).stdout(Stdio::null()).spawn().unwrap();
    wait_for("the project", SOON, || project.status().filter(|project| project.nodes.len() == 2));
    project.wait_for_phase("api", Phase::Starting);
    let port = project.proxy_port();
    let status = |host| http::get(port, host, "/", "application/json").unwrap().status;
    assert_eq!(status("api.slow.localhost"), 503);
    assert_eq!(status("slow.localhost"), 200);
    assert!(up.wait().unwrap().success());
}

#[test]
fn where_requests_are_led_is_changed_while_the_services_run() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let before = (project.node("web").pid, project.node("api").pid);
    let path = project.folder().join("kinfra.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let changed = text
        .replace("domains: [shop.test, WWW.shop.test]", "domains: new.test")
        .replace("{path: /api, strip: true}", "/")
        .replace("hold: 1500ms", "hold: 3s");
    fs::write(&path, changed).unwrap();
    let different = project.succeed(&["diff"]);
    for line in ["domains: shop.test, www.shop.test → new.test", "route: /api, stripped → /", "1500ms → 3s"]
    {
        assert!(different.contains(line), "{line} in {different}");
    }
    assert!(!different.contains("is started anew"), "{different}");
    project.succeed(&["apply"]);
    assert_eq!((project.node("web").pid, project.node("api").pid), before);
    assert!(answers(&project, "web", "new.test"));
    assert!(answers(&project, "api", "shop.localhost"), "it is the main one now");
    assert_eq!(http::get(project.proxy_port(), "shop.test", "/", "text/html").unwrap().status, 404);
    assert_eq!(project.node("api").forwarding.hold_ms, 3000);
}

#[test]
fn a_domain_of_two_projects_is_the_first_ones_until_that_lets_it_go() {
    let shop = TestProject::new(SHOP);
    shop.succeed(&["up", "-d"]);
    let blog = shop.home.project(
        "blog",
        &fs::read_to_string(shop.folder().join("kinfra.yaml"))
            .unwrap()
            .replace("project: shop", "project: blog")
            .replace("WWW.shop.test", "blog.test"),
    );
    let kinfra = |folder: &Path, arguments: &[&str]| {
        let output = shop.command(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:#?}");
        String::from_utf8(output.stdout).unwrap()
    };
    kinfra(&blog, &["up", "-d"]);
    let state = || serde_json::from_str::<ProjectState>(&kinfra(&blog, &["status", "--json"])).unwrap();
    assert!(answers(&shop, "web", "shop.test"), "who was there first keeps it");
    assert_eq!(hosts(&state(), "web"), ["web.blog.localhost/", "blog.localhost/", "blog.test/"]);
    let told = state().problems[0].to_string();
    assert!(
        told.contains("the domain shop.test of web is taken: it leads to web of the project shop"),
        "{told}"
    );
    assert!(shop.status().unwrap().problems.is_empty());

    let path = shop.folder().join("kinfra.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("shop.test, WWW", "WWW")).unwrap();
    shop.succeed(&["apply"]);
    wait_until("the next one to have it", SOON, || state().problems.is_empty());
    assert!(hosts(&state(), "web").contains(&"shop.test/".to_owned()));
    let port = shop.proxy_port();
    let body = http::get(port, "shop.test", "/", "text/plain").unwrap().body;
    let web = state().nodes.into_iter().find(|node| node.name == "web").unwrap();
    assert_eq!(body, format!("/ from {}\n", web.pid.unwrap()));

    // And back, since it was there first.
    fs::write(&path, text).unwrap();
    shop.succeed(&["apply"]);
    assert!(answers(&shop, "web", "shop.test"));
    assert_eq!(state().problems.len(), 1);
    shop.succeed(&["remove", "shop"]);
    assert!(state().problems.is_empty());
}

#[test]
fn another_folder_of_the_project_has_a_host_of_its_own_and_never_that_of_a_service() {
    let shop = TestProject::new("project: shop\nservices:\n  web: {run: [MISBEHAVE, serve]}\n");
    shop.succeed(&["up", "-d"]);
    let other = shop.home.path().join("projects").join("elsewhere").join("web");
    fs::create_dir_all(&other).unwrap();
    fs::copy(shop.folder().join("kinfra.yaml"), other.join("kinfra.yaml")).unwrap();
    let output = shop.command(&["up", "-d"]).current_dir(&other).output().unwrap();
    assert!(output.status.success(), "{output:#?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("http://web-2.shop.localhost:"), "{printed}");
    for host in ["shop.localhost", "web.shop.localhost"] {
        assert!(answers(&shop, "web", host), "{host}");
    }
    assert_eq!(http::get(shop.proxy_port(), "web-2.shop.localhost", "/", "text/html").unwrap().status, 200);
}

#[test]
fn the_doctor_says_which_names_lead_to_this_machine() {
    let project = TestProject::new(&SHOP.replace("WWW.shop.test", "kinfra-nobody.invalid"));
    project.succeed(&["add"]);
    let finding = |id: &str| {
        let examination: Value = serde_json::from_str(&project.kinfra(&["doctor", "--json"]).stdout).unwrap();
        let findings = examination["findings"].as_array().unwrap().iter();
        findings
            .clone()
            .find(|finding| finding["id"] == id)
            .unwrap_or_else(|| panic!("{examination}"))
            .clone()
    };
    // What this very process is told by the same resolver.
    let known = ("kinfra-check.localhost", 0).to_socket_addrs();
    let is_known = known.is_ok_and(|mut found| found.any(|at| at.ip() == Ipv4Addr::LOCALHOST));
    let names = finding("names.localhost");
    assert_eq!(names["level"] == "good", is_known, "{names}");
    let line = "127.0.0.1 shop.localhost web.shop.localhost api.shop.localhost # KInfra";
    assert_eq!(names["steps"].to_string().contains(line), !is_known, "{names}");

    let domains = finding("names.domains");
    assert_eq!(domains["level"], "bad", "{domains}");
    let told = domains["details"].to_string();
    assert!(told.contains("kinfra-nobody.invalid of web in shop: "), "{domains}");
    let step = domains["steps"][0].as_str().unwrap();
    assert!(step.starts_with("echo '127.0.0.1 kinfra-nobody.invalid"), "{domains}");
    assert!(step.ends_with(" # KInfra' | sudo tee -a /etc/hosts"), "{domains}");
}
