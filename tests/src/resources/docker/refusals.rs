//! Starts that can't succeed, each told once and clearly, with nothing touched that is not ours.

use std::net::TcpListener;

use kinfra_rpc::{ErrorCode, Health, NodeState, Phase};

use super::on_docker;
use crate::TestProject;
use crate::docker::Docker;

const WEB: &str = "web: {type: docker, image: kinfra-test, ports: {web: 80}}";

/// How often the engine was asked to make and to start a container of ours.
fn starts(docker: &Docker) -> usize {
    let events = docker.succeed(&["events", "--since", "0", "--until", "0s", "--filter", "type=container"]);
    events.lines().filter(|line| line.contains(" start ") && line.contains("kinfra-shop-")).count()
}

#[test]
fn an_image_that_cannot_be_had_is_told_and_the_others_go_on() {
    let test = "an_image_that_cannot_be_had_is_told_and_the_others_go_on";
    let configuration = format!(
        "project: shop
resources:
  {WEB}
  lost: {{type: docker, image: 'localhost:1/nowhere:9.9', ports: {{it: 80}}}}
services:
  api: {{run: [MISBEHAVE, serve], depends_on: [lost]}}
"
    );
    let Some((docker, project)) = on_docker(test, &[], &configuration) else { return };
    let up = project.kinfra(&["up", "-d"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    let problem = project.node("lost").problem.unwrap();
    assert_eq!(problem.code, ErrorCode::ResourceFailed);
    assert!(problem.message.contains("localhost:1/nowhere:9.9"), "{problem:#?}");
    assert!(problem.hint.as_ref().is_some_and(|hint| hint.contains("docker load")), "{problem:#?}");
    assert_eq!(project.node("api").detail, "waits for lost, which failed");
    project.wait_for_node("web", "healthy", NodeState::is_healthy);
    project.succeed(&["down"]);
    docker.wait_for_end_of("kinfra-shop-web");
}

#[test]
fn a_port_that_somebody_holds_is_told_with_the_holder() {
    let test = "a_port_that_somebody_holds_is_told_with_the_holder";
    let configuration = "project: shop
resources:
  web: {type: docker, image: kinfra-test, ports: {web: {container: 80, host: HELD}}}
";
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let configuration = configuration.replace("HELD", &port.to_string());
    let Some((docker, project)) = on_docker(test, &[], &configuration) else { return };
    let up = project.kinfra(&["up", "-d"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    let problem = project.node("web").problem.unwrap();
    assert_eq!(problem.code, ErrorCode::PortTaken);
    let pid = std::process::id().to_string();
    assert!(problem.message.contains(&port.to_string()) && problem.message.contains(&pid), "{problem:#?}");
    assert_eq!((docker.made("container"), starts(&docker)), (vec![], 0));
    drop(held);
    project.succeed(&["up", "-d"]);
    project.wait_for_node("web", "healthy", NodeState::is_healthy);
    project.succeed(&["down"]);
}

#[test]
fn a_container_of_somebody_elses_that_has_our_name_is_left_alone() {
    let test = "a_container_of_somebody_elses_that_has_our_name_is_left_alone";
    let Some((docker, project)) = on_docker(test, &[], &format!("project: shop\nresources:\n  {WEB}\n"))
    else {
        return;
    };
    docker.serve("kinfra-shop-web", *project.home.ports().end());
    let id = docker.id("kinfra-shop-web");
    let up = project.kinfra(&["up", "-d"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    let problem = project.node("web").problem.unwrap();
    assert!(problem.message.contains("was not made by this KInfra"), "{problem:#?}");
    project.succeed(&["down"]);
    assert!(docker.runs("kinfra-shop-web"));
    assert_eq!(docker.id("kinfra-shop-web"), id);
}

/// Never healthy: it is shown so, with the reason, and the one container goes on.
fn stays_unhealthy(docker: &Docker, project: &TestProject, reason: &str) {
    let up = project.kinfra(&["up", "-d", "--timeout", "10"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    let node = project.node("web");
    assert!(matches!(node.phase, Phase::Starting | Phase::Running), "{node:#?}");
    assert_ne!(node.health, Health::Healthy);
    assert!(node.detail.contains(reason), "{node:#?}");
    assert_eq!(node.restarts, 0, "{node:#?}");
    // An engine keeps its last 256 events only, and each probe is three of them.
    let begun = || docker.container("kinfra-shop-web").unwrap()["State"]["StartedAt"].clone();
    let (id, started) = (docker.id("kinfra-shop-web"), begun());
    project.succeed(&["down"]);
    docker.wait_for_end_of("kinfra-shop-web");
    assert_eq!((docker.id("kinfra-shop-web"), begun()), (id, started));
}

#[test]
fn a_probe_that_never_succeeds_is_shown_and_starts_nothing_anew() {
    let test = "a_probe_that_never_succeeds_is_shown_and_starts_nothing_anew";
    let web = WEB
        .replace('}', "")
        .replace("web: 80", "web: 80}, health: {command: [sh, -c, 'echo not yet; exit 3']}}");
    let Some((docker, project)) = on_docker(test, &[], &format!("project: shop\nresources:\n  {web}\n"))
    else {
        return;
    };
    stays_unhealthy(&docker, &project, "not yet");
}

#[test]
fn a_health_check_of_the_image_that_never_succeeds_is_shown_and_starts_nothing_anew() {
    let test = "a_health_check_of_the_image_that_never_succeeds_is_shown_and_starts_nothing_anew";
    let configuration = "project: shop\nresources:\n  web: {type: docker, build: ./web, ports: {web: 80}}\n";
    let Some((docker, project)) = on_docker(test, &[], configuration) else { return };
    let folder = project.folder().join("web");
    std::fs::create_dir(&folder).unwrap();
    let check = "HEALTHCHECK --interval=200ms --retries=2 CMD echo out of order; exit 1";
    std::fs::write(folder.join("Dockerfile"), format!("FROM kinfra-test\n{check}\n")).unwrap();
    stays_unhealthy(&docker, &project, "out of order");
}
