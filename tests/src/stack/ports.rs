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
    let bind = |port: u16| TcpListener::bind(("127.0.0.1", port)).ok();
    // Any port of this test's own will do; what an earlier test ended may still be on one.
    let stranger = home.ports().rev().find_map(bind).unwrap();
    let port = stranger.local_addr().unwrap().port();
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
    shop.succeed(&["ports", "move", "web"]);
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

#[test]
fn env_files_have_a_block_of_all_ports_for_as_long_as_they_are_asked_to() {
    let text = "project: shop\nports: {env_files: .env}\nservices:\n  my-api:\n    run: [MISBEHAVE, serve]\n    ports: {http: auto, metrics: auto}\n";
    let project = TestProject::new(text);
    let file = project.folder().join(".env");
    std::fs::write(&file, "SECRET=1\n").unwrap();
    // Without an engine too.
    let port = project.succeed(&["port", "my-api"]).trim().to_owned();
    let metrics = project.succeed(&["port", "my-api", "--name", "metrics"]).trim().to_owned();
    let block = |port: &str| {
        format!(
            "SECRET=1\n# >>> kinfra: ports, kept by KInfra; changes in here are lost\nMY_API_PORT={port}\n\
            MY_API_URL=http://127.0.0.1:{port}\nMY_API_PORT_METRICS={metrics}\n# <<< kinfra\n"
        )
    };
    assert_eq!(std::fs::read_to_string(&file).unwrap(), block(&port));

    project.succeed(&["up", "-d"]);
    project.succeed(&["ports", "move", "my-api"]);
    let moved = project.succeed(&["port", "my-api"]).trim().to_owned();
    assert_ne!(moved, port);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), block(&moved));

    let configuration = project.folder().join("kinfra.yaml");
    let without = std::fs::read_to_string(&configuration).unwrap().replace("ports: {env_files: .env}\n", "");
    std::fs::write(&configuration, without).unwrap();
    project.succeed(&["restart"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "SECRET=1\n");
}

#[test]
fn the_doctor_names_a_port_that_an_outgoing_connection_may_take() {
    let home = TestHome::new();
    let text = "project: old\nservices:\n  api:\n    run: [MISBEHAVE, serve]\n    port: 50002\n";
    let project = TestProject::at(home, "old", text);
    project.succeed(&["port", "api"]);
    let examination = project.json(&["doctor", "--json"]);
    let findings = examination["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["id"] == "ports.ephemeral").unwrap();
    assert_eq!(finding["level"], "note");
    assert_eq!(finding["details"][0], "50002 of api in old");
    assert!(finding["steps"][0].as_str().unwrap().contains("ip_local_reserved_ports"));
    assert!(!finding["undo"].as_array().unwrap().is_empty());
    let text = project.kinfra(&["doctor"]).stdout;
    assert!(text.contains("sudo sysctl"), "{text}");
}

#[test]
fn a_service_learns_of_the_ports_of_what_it_depends_on() {
    let project = TestProject::new(
        "project: shop\nports: {range: RANGE}\nservices:\n  my-api:\n    run: [MISBEHAVE, serve]\n  web:\n    \
        run: [MISBEHAVE, serve]\n    depends_on: [my-api]\n",
    );
    let ports = project.home.ports();
    let range = format!("{}-{}", ports.end() - 1, ports.end());
    let configuration = project.folder().join("kinfra.yaml");
    let text = std::fs::read_to_string(&configuration).unwrap().replace("RANGE", &range);
    std::fs::write(&configuration, text).unwrap();
    project.succeed(&["up", "-d"]);
    let (api, web) = (project.node("my-api"), project.node("web"));
    let port = api.port.unwrap();
    assert!(port >= ports.end() - 1 && web.port.unwrap() >= ports.end() - 1, "within the project's range");
    let environment = std::fs::read(format!("/proc/{}/environ", web.pid.unwrap())).unwrap();
    let has = |entry: String| environment.split(|byte| *byte == 0).any(|known| known == entry.as_bytes());
    assert!(has(format!("MY_API_PORT={port}")) && has(format!("MY_API_URL=http://127.0.0.1:{port}")));
}
