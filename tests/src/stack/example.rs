//! The example from `up` to `down`.

use std::time::Duration;

use kinfra_rpc::{Health, Phase};

use crate::{TestProject, http, wait_until};

#[test]
fn the_example_comes_up_in_order_answers_and_leaves_nothing() {
    let shop = TestProject::example();
    let printed = shop.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    let urls: Vec<&str> = printed.stdout.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let proxy = shop.proxy_port();
    let hosts = ["shop", "store.shop", "api.shop", "web.shop"];
    assert_eq!(urls, hosts.map(|host| format!("http://{host}.localhost:{proxy}")));

    let nodes = ["store", "api", "web"].map(|name| shop.node(name));
    for node in &nodes {
        assert_eq!((node.phase, node.health), (Phase::Running, Health::Healthy), "{node:#?}");
        assert!(shop.home.ports().contains(&node.port.unwrap()));
        assert_eq!(node.direct_url, node.port.map(|port| format!("http://127.0.0.1:{port}")));
    }
    assert!(
        nodes.is_sorted_by_key(|node| node.started_at),
        "not in the order of the dependencies: {nodes:#?}"
    );

    let page = http::get(proxy, &format!("web.shop.localhost:{proxy}"), "/", "text/html").unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>shop</title>"), "{}", page.body);
    let direct = http::get(nodes[2].port.unwrap(), "localhost", "/", "text/html").unwrap();
    assert_eq!(page.body, direct.body);

    shop.succeed(&["down"]);
    wait_until("all processes to be gone", Duration::from_secs(10), || shop.home.processes().is_empty());
}

#[test]
fn what_was_asked_in_a_folder_below_means_the_project() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let below = shop.folder().join("src/deep");
    std::fs::create_dir_all(&below).unwrap();
    let output = shop.command(&["url", "web", "--direct"]).current_dir(below).output().unwrap();
    let url = String::from_utf8(output.stdout).unwrap();
    assert_eq!(url.trim(), shop.node("web").direct_url.unwrap());
}

#[test]
fn logs_are_there_for_all_for_one_and_for_a_text() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let all = shop.succeed(&["logs"]);
    assert!(all.contains("store") && all.contains("web"), "{all}");
    let one = shop.succeed(&["logs", "api", "--grep", "listening"]);
    assert_eq!(one.lines().count(), 1, "{one}");
    let lines = shop.succeed(&["logs", "--json", "store"]);
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line["service"], "store");
    assert!(shop.succeed(&["logs", "--engine"]).contains("the engine is open"));
}

#[test]
fn a_restart_gives_another_process_on_the_same_port() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let (before, store) = (shop.node("api"), shop.node("store"));
    shop.succeed(&["restart", "api"]);
    let after = shop.node("api");
    assert_ne!(before.pid, after.pid);
    assert_eq!(before.port, after.port);
    assert_eq!(after.restarts, 0, "a restart that was asked for is none that counts");
    assert_eq!(shop.node("store").pid, store.pid);
}

#[test]
fn one_service_stops_with_what_depends_on_it() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["down", "api"]);
    assert_eq!(shop.node("store").phase, Phase::Running);
    assert_eq!(shop.node("api").phase, Phase::Stopped);
    assert_eq!(shop.node("web").phase, Phase::Stopped);
}

#[test]
fn independent_services_start_side_by_side() {
    let project = TestProject::new(
        "project: pair\nservices:\n  one:\n    run: [MISBEHAVE, serve-slowly, '1000']\n  two:\n    run: [MISBEHAVE, serve-slowly, '1000']\n",
    );
    project.succeed(&["up", "-d"]);
    let [one, two] = ["one", "two"].map(|name| project.node(name).started_at.unwrap());
    assert!(one.abs_diff(two) < 900, "{one} and {two}: one waited for the other");
}
