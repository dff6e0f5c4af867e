//! Containers that end by themselves, or by somebody else's hand.

use std::time::{SystemTime, UNIX_EPOCH};

use kinfra_rpc::{NodeState, NodeUsage, Phase};

use super::{SOON, on_docker};
use crate::{wait_for_ok, wait_until};

const NAME: &str = "kinfra-shop-web";

#[test]
fn a_container_that_was_killed_is_seen_and_started_anew() {
    let test = "a_container_that_was_killed_is_seen_and_started_anew";
    let configuration =
        "project: shop\nresources:\n  web: {type: docker, image: kinfra-test, ports: {web: 80}}\n";
    let Some((docker, project)) = on_docker(test, &[], configuration) else { return };
    project.succeed(&["up", "-d"]);
    let id = docker.id(NAME);
    docker.succeed(&["kill", NAME]);
    let node = project
        .wait_for_node("web", "started anew", |node| node.restarts == 1 && NodeState::is_healthy(node));
    let exit = node.last_exit.unwrap();
    assert!(exit.code == Some(137) || exit.signal == Some(9), "{exit:#?}");
    assert_eq!(docker.id(NAME), id, "the same container, started again");
    assert!(docker.runs(NAME));

    // One that was taken away is made again.
    docker.succeed(&["rm", "--force", NAME]);
    wait_until("another container", SOON, || docker.runs(NAME) && docker.id(NAME) != id);
    project.wait_for_node("web", "healthy", NodeState::is_healthy);
    project.succeed(&["down"]);
    docker.wait_for_end_of(NAME);
}

#[test]
fn a_container_that_always_ends_is_a_crash_loop_with_its_last_words() {
    let test = "a_container_that_always_ends_is_a_crash_loop_with_its_last_words";
    let configuration = "
project: shop
resources:
  web:
    type: docker
    image: kinfra-test
    command: [sh, -c, 'echo no such table; exit 3']
    restart: {max: 2, backoff: {initial: 10ms}}
";
    let Some((docker, project)) = on_docker(test, &[], configuration) else { return };
    let up = project.kinfra(&["up", "-d"]);
    assert_eq!(up.code, Some(1), "{up:#?}");
    let node = project.wait_for_phase("web", Phase::CrashLooping);
    assert_eq!(node.last_exit.as_ref().unwrap().code, Some(3), "{node:#?}");
    wait_for_ok("the words of all three to be kept", SOON, || {
        let log = project.succeed(&["logs", "web"]);
        if log.matches("no such table").count() == 3 { Ok(()) } else { Err(format!(": {log}")) }
    });
    project.wait_for_node("web", "told with its last words", |node| {
        node.last_lines.iter().any(|line| line.contains("no such table"))
    });
    // Up to the present second only, if it is said as "now".
    let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1;
    let until = soon.to_string();
    let events = docker.succeed(&["events", "--since", "0", "--until", &until, "--filter", "event=start"]);
    assert_eq!(events.lines().count(), 3, "{events}");
    project.succeed(&["down"]);
}

#[test]
fn what_a_container_uses_is_measured() {
    let test = "what_a_container_uses_is_measured";
    let configuration = "
project: shop
resources:
  web: {type: docker, image: kinfra-test, ports: {web: 80}}
";
    let Some((_docker, project)) = on_docker(test, &[], configuration) else { return };
    project.succeed(&["up", "-d"]);
    let nodes: Vec<NodeUsage> = serde_json::from_value(project.json(&["stats", "--json"])).unwrap();
    let web = nodes.iter().find(|node| node.node == "web").unwrap();
    assert!(web.processes > 0 && web.memory_bytes > 0, "{web:?}");
    project.succeed(&["down"]);
}
