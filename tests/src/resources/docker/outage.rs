//! A Docker engine that goes away and comes back.

use kinfra_rpc::{Health, NodeState, Phase};

use super::on_docker;
use crate::docker::Docker;
use crate::{TestProject, http, wait_for, wait_until};

const CONFIGURATION: &str = "
project: shop
resources:
  web: {type: docker, image: kinfra-test, ports: {web: 80}}
services:
  api: {run: [MISBEHAVE, serve], depends_on: [web]}
";

fn begin(test: &str) -> Option<(Docker, TestProject)> {
    let (docker, project) = on_docker(test, &[], CONFIGURATION)?;
    project.succeed(&["up", "-d"]);
    Some((docker, project))
}

/// How often something was told of a node.
fn told(project: &TestProject, name: &str) -> usize {
    project.succeed(&["events", name]).lines().count()
}

#[test]
fn a_docker_engine_that_is_stopped_is_one_calm_state_and_its_containers_run_when_it_is_back() {
    let test = "a_docker_engine_that_is_stopped_is_one_calm_state_and_its_containers_run_when_it_is_back";
    let Some((mut docker, project)) = begin(test) else { return };
    let (api, before) = (project.node("api").pid, told(&project, "web"));
    let (id, api_told) = (docker.id("kinfra-shop-web"), told(&project, "api"));
    docker.stop_engine();
    project.wait_for_node("web", "known to be away", |node| {
        !node.is_healthy() && node.detail.contains("Docker engine")
    });
    // It stays one state: nothing is started, counted or told again and again.
    let (calm, events) = (project.node("web"), told(&project, "web"));
    assert_ne!(calm.phase, Phase::CrashLooping, "{calm:#?}");
    std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            let end = std::time::Instant::now() + std::time::Duration::from_secs(6);
            wait_until("six seconds to pass", super::SOON, || {
                let node = project.node("web");
                seen.insert(format!("{:?} {:?} {} {}", node.phase, node.health, node.detail, node.restarts));
                std::time::Instant::now() >= end
            });
            seen
        });
        let seen = watched.join().unwrap();
        assert_eq!(seen.len(), 1, "{seen:#?}");
    });
    assert_eq!(told(&project, "web"), events);
    // That it ended, that it is to be started anew, and why that has to wait.
    assert!(events - before <= 3, "{}", project.succeed(&["events", "web"]));

    docker.start_engine();
    let node = project.wait_for_node("web", "healthy again", NodeState::is_healthy);
    assert!(node.restarts <= 1, "{node:#?}");
    assert_eq!(docker.id("kinfra-shop-web"), id);
    let port = project.node("web").port.unwrap();
    wait_for("the container to answer", super::SOON, || {
        http::get(port, "localhost", "/", "*/*").filter(|answer| answer.body == "a container's page")
    });
    // What depends on it ran on all the time.
    assert_eq!((project.node("api").pid, told(&project, "api")), (api, api_told));
    project.succeed(&["down"]);
    docker.wait_for_end_of("kinfra-shop-web");
}

#[test]
fn a_start_without_an_engine_says_so_and_goes_on_when_there_is_one() {
    let test = "a_start_without_an_engine_says_so_and_goes_on_when_there_is_one";
    let configuration =
        "project: shop\nresources:\n  web: {type: docker, image: kinfra-test, ports: {web: 80}}\n";
    let Some((mut docker, project)) = on_docker(test, &[], configuration) else { return };
    docker.stop_engine();
    let up = project.kinfra(&["up", "-d", "--timeout", "5"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    let web = project.node("web");
    assert!(web.detail.contains("Docker engine"), "{web:#?}");
    assert_ne!(web.health, Health::Healthy);
    docker.start_engine();
    project.succeed(&["up", "-d"]);
    project.wait_for_node("web", "healthy", NodeState::is_healthy);
    project.succeed(&["down"]);
}

/// A server that is asked to end by the engine's own end does so with code 0, which is no failure, and was no wish.
#[test]
fn a_server_that_ended_in_order_with_its_engine_runs_again_with_it() {
    let test = "a_server_that_ended_in_order_with_its_engine_runs_again_with_it";
    let configuration =
        "project: shop\nresources:\n  db: {template: redis, variant: docker, password: '${secret:db}'}\n";
    let Some((mut docker, project)) = on_docker(test, &["redis"], configuration) else { return };
    project.succeed(&["up", "-d"]);
    let id = docker.id("kinfra-shop-db");
    docker.stop_engine();
    project.wait_for_node("db", "known to be away", |node| !node.is_healthy());
    docker.start_engine();
    let node = project.wait_for_node("db", "healthy again", NodeState::is_healthy);
    assert!(node.restarts <= 1 && docker.id("kinfra-shop-db") == id, "{node:#?}");
    project.succeed(&["down"]);
}

#[test]
fn a_docker_engine_that_crashes_leaves_its_containers_as_they_were() {
    let test = "a_docker_engine_that_crashes_leaves_its_containers_as_they_were";
    let Some((mut docker, project)) = begin(test) else { return };
    let (id, pid) = (docker.id("kinfra-shop-web"), project.node("web").pid);
    docker.kill_engine();
    project.wait_for_node("web", "known to be away", |node| node.detail.contains("Docker engine"));
    docker.start_engine();
    let node = project.wait_for_node("web", "healthy again", NodeState::is_healthy);
    assert_eq!(docker.id("kinfra-shop-web"), id);
    // Docker itself ends what an engine left that had crashed, unless it is told otherwise: then it is started once.
    assert!(node.pid == pid || node.restarts <= 1, "{node:#?}");
    project.succeed(&["down"]);
}
