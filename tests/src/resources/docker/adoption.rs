//! KInfra that is killed, and the next one that finds its containers.

use kinfra_rpc::NodeState;

use super::{SOON, on_docker};
use crate::{TestProject, wait_until};

const NAME: &str = "kinfra-shop-counter";

const CONFIGURATION: &str = "
project: shop
resources:
  counter:
    type: docker
    image: kinfra-test
    command: 'i=0; while :; do i=$$((i + 1)); echo number $$i; sleep 0.02; done'
    healthcheck: none
";

/// The numbers in the log that KInfra keeps.
fn kept(project: &TestProject) -> Vec<u32> {
    let log = project.succeed(&["logs", "counter", "-n", "5000"]);
    log.lines().filter_map(|line| line.split_once("number ")?.1.trim().parse().ok()).collect()
}

#[test]
fn a_container_outlives_kinfra_and_is_found_again_with_every_line_once() {
    let test = "a_container_outlives_kinfra_and_is_found_again_with_every_line_once";
    let Some((docker, project)) = on_docker(test, &[], CONFIGURATION) else { return };
    project.succeed(&["up", "-d"]);
    let (id, started) = (docker.id(NAME), docker.container(NAME).unwrap()["State"]["StartedAt"].clone());
    let printed = || docker.succeed(&["logs", NAME]).lines().count();
    wait_until("lines to be kept", SOON, || kept(&project).len() > 20);
    project.kill("kinfra host");
    let then = printed();
    wait_until("lines that nobody hears", SOON, || printed() > then + 50);

    project.succeed(&["up", "-d"]);
    let node = project.wait_for_node("counter", "healthy", NodeState::is_healthy);
    assert_eq!(node.restarts, 0, "{node:#?}");
    let container = docker.container(NAME).unwrap();
    assert_eq!(
        (container["Id"].as_str().unwrap(), &container["State"]["StartedAt"]),
        (id.as_str(), &started)
    );
    let now = printed();
    wait_until("the lines of now to be kept", SOON, || kept(&project).len() > now);
    let kept = kept(&project);
    let all: Vec<u32> = (1..=u32::try_from(kept.len()).unwrap()).collect();
    assert_eq!(kept, all);
    project.succeed(&["down"]);
    docker.wait_for_end_of(NAME);
}
