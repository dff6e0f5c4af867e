//! What visitors from outside reach, and what they don't.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};

use super::served::{PUBLIC_HOST, Served};
use super::tunnel::Tunnel;
use crate::tools::{Tool, have, node};
use crate::{TestProject, http, wait_until};

const OUTSIDE: &str = "http://shop.example.com";

#[test]
fn the_socket_for_tunnels_knows_nothing_but_what_is_published() {
    let test = "the_socket_for_tunnels_knows_nothing_but_what_is_published";
    if !have(test, &[Tool::Curl]) {
        return;
    }
    let project = TestProject::new(
        "
project: shop
services:
  web: {run: [MISBEHAVE, serve], public: shop.example.com}
  api: {run: [MISBEHAVE, serve]}
",
    );
    project.succeed(&["up", "-d"]);
    let tunnel = Tunnel::to(&project);
    assert_eq!(tunnel.socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    assert_eq!(tunnel.curl(&format!("{OUTSIDE}/"), &[]).status, 200);
    for host in ["web.shop.localhost", "shop.localhost", "localhost", "127.0.0.1", "www.shop.example.com"] {
        assert_eq!(tunnel.curl(&format!("http://{host}/"), &[]).status, 404, "{host}");
    }
    let local = http::get(project.proxy_port(), PUBLIC_HOST, "/", "text/html").unwrap();
    assert_eq!(local.status, 404, "nor is a public name one of this machine");

    // While it runs and while it doesn't, with and without what a page of this machine would send.
    let origin = format!("Origin: {OUTSIDE}");
    for is_up in [true, false] {
        if !is_up {
            project.succeed(&["down", "web"]);
        }
        for own in ["logs", "logs/", "start", "start/", "restart/", "restart/x"] {
            let url = format!("{OUTSIDE}/.well-known/kinfra/{own}");
            let post = ["--header", &origin, "--data", "token=0123456789abcdef0123456789abcdef"];
            for options in [&[][..], &post] {
                let answer = tunnel.curl(&url, options);
                assert_eq!(answer.status, 404, "{own} {options:?} {is_up}");
                assert!(!answer.text().contains("web"), "{}", answer.text());
            }
        }
    }
    let page = tunnel.curl(&format!("{OUTSIDE}/"), &["--header", "Accept: text/html"]);
    assert_eq!(page.status, 503);
    let port = project.node("web").port.unwrap().to_string();
    for hidden in ["localhost", "kinfra up", "<form", "data-action=\"", &port, "shop<", "web is"] {
        let shown = page.text().split("<script>").next().unwrap();
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    project.succeed(&["up", "-d"]);
    assert_eq!(tunnel.curl(&format!("{OUTSIDE}/"), &[]).status, 200);
}

#[test]
fn a_service_is_asked_as_localhost_from_outside_and_its_visitors_never_see_that() {
    let test = "a_service_is_asked_as_localhost_from_outside_and_its_visitors_never_see_that";
    let Some(web) = Served::server(test, "http.cjs", &[Tool::Curl]) else { return };
    let tunnel = web.tunnel();
    let seen = tunnel.curl(
        "http://shop.example.com/echo",
        &[
            "--header",
            "Origin: https://shop.example.com",
            "--header",
            "Referer: https://shop.example.com/cart?x",
            "--header",
            "Cf-Connecting-Ip: 203.0.113.7",
            "--header",
            "X-Forwarded-For: 198.51.100.1",
            "--data",
            "a body",
        ],
    );
    let headers = &seen.json()["headers"];
    let inside = format!("localhost:{}", web.direct);
    assert_eq!(headers["host"], inside);
    assert_eq!(headers["origin"], format!("http://{inside}"));
    assert_eq!(headers["referer"], format!("http://{inside}/cart?x"));
    assert_eq!(headers["x-forwarded-host"], PUBLIC_HOST);
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["x-forwarded-for"], "203.0.113.7");
}

#[test]
fn what_is_published_changes_while_the_service_runs() {
    let project = TestProject::new(
        "project: shop\nservices:\n  web: {run: [MISBEHAVE, serve], public: shop.example.com}\n",
    );
    project.succeed(&["up", "-d"]);
    let tunnel = Tunnel::to(&project);
    let status = |host: &str| tunnel.curl(&format!("http://{host}/"), &[]).status;
    assert_eq!((status("shop.example.com"), status("new.example.com")), (200, 404));
    let path = project.folder().join("kinfra.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("shop.example.com", "new.example.com")).unwrap();
    project.succeed(&["apply"]);
    assert_eq!((status("shop.example.com"), status("new.example.com")), (404, 200));
    assert_eq!(project.node("web").published[0].host, "new.example.com");
}

#[test]
fn vite_changes_an_open_page_of_a_visitor_from_outside() {
    let test = "vite_changes_an_open_page_of_a_visitor_from_outside";
    let tools = [Tool::Node, Tool::NodePackages, Tool::Chromium];
    let Some(web) = Served::app(test, "vite", "npm run dev", &tools) else { return };
    is_changed_while_it_is_open(&web, "src/greeting.js", "/");
}

#[test]
fn next_changes_an_open_page_of_a_visitor_from_outside() {
    let test = "next_changes_an_open_page_of_a_visitor_from_outside";
    let tools = [Tool::Node, Tool::NodePackages, Tool::Chromium];
    let Some(web) = Served::app(test, "next", "npm run dev", &tools) else { return };
    is_changed_while_it_is_open(&web, "app/greeting.jsx", "/_next/hmr");
}

fn is_changed_while_it_is_open(web: &Served, file: &str, socket: &str) {
    let url = format!("{OUTSIDE}/");
    let file = web.folder().join(file);
    let options =
        json!({"url": url, "map": web.tunnel().map(), "file": file, "from": "first", "to": "second"});
    assert_eq!(
        node("browser/hot.cjs", &options),
        json!({
            "status": 200,
            "kept": "kept",
            "documents": [format!("GET {url}")],
            "sockets": [format!("ws://{PUBLIC_HOST}{socket}")],
            "troubles": [],
        })
    );
}

#[test]
fn a_form_of_django_is_accepted_from_outside() {
    let test = "a_form_of_django_is_accepted_from_outside";
    let tools = [Tool::PythonPackages, Tool::Node, Tool::NodePackages, Tool::Chromium];
    let run = "PYTHON/python manage.py runserver 127.0.0.1:$PORT";
    let Some(web) = Served::app(test, "django", run, &tools) else { return };
    let url = format!("{OUTSIDE}/");
    let seen = node("browser/form.cjs", &json!({"url": url, "map": web.tunnel().map(), "name": "Ada"}));
    assert_eq!((&seen["status"], &seen["names"]), (&json!(302), &json!("Ada")), "{seen}");
    assert_eq!(seen["origin"], OUTSIDE);
    let documents = [format!("GET {url}"), format!("POST {url}"), format!("GET {url}")];
    assert_eq!(seen["documents"], json!(documents), "{seen}");
    // The browser misses TLS, which ends where a tunnel begins.
    let is_about_tls = |trouble: &Value| trouble.as_str().unwrap().contains("Cross-Origin-Opener-Policy");
    assert!(seen["troubles"].as_array().unwrap().iter().all(is_about_tls), "{seen}");
}

#[test]
fn requests_from_outside_are_noted_as_such() {
    let project = TestProject::new(
        "project: shop\nservices:\n  web: {run: [MISBEHAVE, serve], public: a.example.com}\n",
    );
    project.succeed(&["up", "-d"]);
    let tunnel = Tunnel::to(&project);
    assert_eq!(tunnel.curl("http://a.example.com/x?token=secret", &[]).status, 200);
    let noted = || project.kinfra(&["requests", "--json"]).stdout;
    wait_until("the request to be noted", Duration::from_secs(10), || noted().contains("a.example.com"));
    let line: Value = serde_json::from_str(noted().lines().last().unwrap()).unwrap();
    assert_eq!((&line["public"], &line["path"], &line["status"]), (&json!(true), &json!("/x"), &json!(200)));
    assert!(!noted().contains("secret"));
}
