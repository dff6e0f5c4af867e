//! Ports that stay, and ports that somebody else has.

use std::net::TcpListener;

use kinfra_rpc::{ErrorCode, Phase};

use crate::{TestHome, TestProject, http};

#[test]
fn ports_stay_over_stops_and_engines() {
    let shop = TestProject::example();
    let ports = |shop: &TestProject| ["store", "api", "web"].map(|name| shop.node(name).port);
    shop.succeed(&["up", "-d"]);
    let before = ports(&shop);
    shop.succeed(&["quit"]);
    shop.succeed(&["up", "-d"]);
    assert_eq!(ports(&shop), before);
}

#[test]
fn a_taken_port_is_named_with_its_holder_and_can_be_moved() {
    let home = TestHome::new();
    let port = *home.ports().end();
    let _stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let configuration =
        format!("project: fixed\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    port: {port}\n");
    let project = TestProject::at(home, "fixed", &configuration);
    assert_eq!(project.kinfra(&["up", "-d"]).code, Some(1));
    let node = project.node("web");
    assert_eq!(node.phase, Phase::Failed);
    let problem = node.problem.unwrap();
    assert_eq!(problem.code, ErrorCode::PortTaken);
    let me = format!("(pid {}", std::process::id());
    assert!(problem.message.contains(&me), "{problem}");
}

#[test]
fn a_chosen_port_can_be_moved_and_stays_moved() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let before = shop.node("web").port;
    shop.succeed(&["move-port", "web"]);
    shop.succeed(&["restart", "web"]);
    let after = shop.node("web").port;
    assert_ne!(before, after);
    assert_eq!(http::get(after.unwrap(), "localhost", "/", "*/*").unwrap().status, 200);
    shop.succeed(&["quit"]);
    shop.succeed(&["up", "-d"]);
    assert_eq!(shop.node("web").port, after);
}

#[test]
fn a_taken_proxy_port_keeps_nothing_from_running_and_another_one_is_kept() {
    let shop = TestProject::example();
    let stranger = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = stranger.local_addr().unwrap().port();
    let up = shop.command(&["up", "-d"]).env("KINFRA_PROXY_PORT", taken.to_string()).output().unwrap();
    assert!(up.status.success(), "{up:#?}");
    assert_eq!(shop.node("web").phase, Phase::Running);
    assert_eq!(shop.node("web").url, None);
    let status = shop.succeed(&["status"]);
    assert!(status.contains(&format!("port {taken}")) && status.contains("kinfra proxy-port"), "{status}");

    let other = shop.home.ports().last().unwrap();
    shop.succeed(&["proxy-port", &other.to_string()]);
    assert_eq!(shop.proxy_port(), other);
    assert_eq!(http::get(other, "web.shop.localhost", "/", "text/html").unwrap().status, 200);
}

#[test]
fn a_proxy_port_that_was_chosen_is_stored() {
    let shop = TestProject::example();
    let port = shop.home.ports().last().unwrap();
    // The stored port counts only where the environment says nothing: so this test can't use port 0.
    let kinfra =
        |arguments: &[&str]| shop.command(arguments).env_remove("KINFRA_PROXY_PORT").output().unwrap();
    assert!(kinfra(&["up", "-d"]).status.success());
    assert!(kinfra(&["proxy-port", &port.to_string()]).status.success());
    assert!(kinfra(&["quit"]).status.success());
    assert!(kinfra(&["up", "-d"]).status.success());
    assert_eq!(shop.proxy_port(), port);
}
