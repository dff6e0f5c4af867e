//! A port that a container holds, of a real Docker engine.

use std::time::Duration;

use kinfra_rpc::{ErrorCode, NodeState};

use crate::docker::Docker;
use crate::{TestHome, TestProject, http, wait_for, wait_until};

#[test]
fn a_port_that_a_container_holds_is_told_with_its_name_and_can_be_adopted() {
    let home = TestHome::new();
    let Some(docker) = Docker::start("a container on a port", &home) else { return };
    let port = *home.ports().end();
    docker.serve("shop-db-1", port);
    wait_for("the container to answer", Duration::from_secs(20), || {
        http::get(port, "localhost", "/", "*/*").filter(|answer| answer.body == "a container's page")
    });
    let configuration =
        format!("project: fixed\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    port: {port}\n");
    let project = TestProject::at(home, "fixed", &configuration);
    let up = project.command(&["up", "-d"]).env("DOCKER_HOST", docker.host()).output().unwrap();
    assert_eq!(up.status.code(), Some(1), "{up:#?}");
    let problem = project.node("web").problem.unwrap();
    assert_eq!(problem.code, ErrorCode::PortTaken);
    assert_eq!(problem.message, format!("port {port} of web is taken by the container shop-db-1"));

    let refused = project.kinfra(&["ports", "free", &port.to_string(), "--yes"]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("docker stop shop-db-1"), "{refused:#?}");

    project.succeed(&["ports", "adopt", "web"]);
    let node = project.wait_for_node("web", "healthy", NodeState::is_healthy);
    assert!(node.adopted);
    project.succeed(&["down"]);
    assert!(docker.runs("shop-db-1"));
}

#[test]
fn containers_that_services_run_are_healthy_and_end_with_them() {
    let home = TestHome::new();
    let Some(docker) = Docker::start("containers_that_services_run_are_healthy_and_end_with_them", &home)
    else {
        return;
    };
    let network = docker.network();
    let service = |name: &str, health: &str| {
        format!(
            "  {name}:
    run: >-
      docker run --rm --name boxed-{name} --network {network} -p 127.0.0.1:$PORT:80 kinfra-test
      /bin/busybox sh -c 'trap \"exit 0\" TERM; /bin/busybox httpd -f -p 80 -h /www & wait'
    health: {health}
"
        )
    };
    let configuration = format!(
        "project: boxed\nenv: {{DOCKER_HOST: '{}'}}\nservices:\n{}{}",
        docker.host(),
        service("asked", "{http: /, listener: any}"),
        service("told", "{command: docker exec boxed-told /bin/busybox true}"),
    );
    let project = TestProject::at(home, "boxed", &configuration);
    project.succeed(&["up", "-d"]);
    for name in ["asked", "told"] {
        let node = project.node(name);
        assert!(node.is_healthy() && !node.adopted, "{node:#?}");
        let page = http::get(node.port.unwrap(), "localhost", "/", "*/*").unwrap();
        assert_eq!(page.body, "a container's page");
        assert!(docker.runs(&format!("boxed-{name}")));
    }
    project.succeed(&["down"]);
    let has_ended = || ["boxed-asked", "boxed-told"].iter().all(|name| !docker.runs(name));
    wait_until("the containers to end", Duration::from_secs(20), has_ended);
}
