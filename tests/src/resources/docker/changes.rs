//! Settings that change, and data that stay.

use super::{on_docker, rewrite};
use crate::docker::Docker;

const NAME: &str = "kinfra-shop-db";

fn configuration(more: &str) -> String {
    format!(
        "project: shop
resources:
  db: {{template: postgres, variant: docker, password: '${{secret:db}}'{more}}}
  other: {{type: docker, image: kinfra-test, ports: {{web: 80}}}}
"
    )
}

fn ask(docker: &Docker, what: &str) -> String {
    docker.succeed(&["exec", NAME, "psql", "-h", "127.0.0.1", "-U", "app", "-qAt", "-c", what])
}

#[test]
fn data_outlive_a_stop_and_another_container() {
    let test = "data_outlive_a_stop_and_another_container";
    let Some((docker, project)) = on_docker(test, &["postgres"], &configuration("")) else { return };
    project.succeed(&["up", "-d"]);
    ask(&docker, "create table t (i int); insert into t values (42)");
    let (first, other) = (docker.id(NAME), docker.id("kinfra-shop-other"));
    let volumes = docker.made("volume");
    assert_eq!(volumes, ["kinfra-shop-db-data"]);
    assert_eq!(docker.made("network"), ["kinfra-shop"]);

    // A stop leaves the container, and the next start takes it.
    project.succeed(&["down"]);
    docker.wait_for_end_of(NAME);
    project.succeed(&["up", "-d"]);
    assert_eq!((docker.id(NAME), ask(&docker, "select i from t")), (first.clone(), "42\n".to_owned()));

    // Other settings are another container, of this resource alone, on the same volume.
    let before = docker.container("kinfra-shop-other").unwrap()["State"]["StartedAt"].clone();
    rewrite(&project, &configuration(", shm: 128m, env: {TZ: Etc/UTC}"));
    project.succeed(&["apply"]);
    let db = project.wait_for_node("db", "healthy", kinfra_rpc::NodeState::is_healthy);
    assert!(!db.changed, "{db:#?}");
    assert_ne!(docker.id(NAME), first);
    let container = docker.container(NAME).unwrap();
    assert_eq!(container["HostConfig"]["ShmSize"], 128 << 20);
    assert_eq!(ask(&docker, "select i from t"), "42\n");
    assert_eq!(docker.made("volume"), volumes);
    assert_eq!(docker.made("container"), ["kinfra-shop-db", "kinfra-shop-other"]);
    let after = docker.container("kinfra-shop-other").unwrap();
    assert_eq!((after["Id"].as_str().unwrap(), &after["State"]["StartedAt"]), (other.as_str(), &before));
    // No volume without a name was left behind either.
    assert_eq!(docker.succeed(&["volume", "ls", "-q"]).lines().count(), 1);

    // A project that is forgotten leaves its data, and nothing else.
    project.succeed(&["remove"]);
    assert_eq!(docker.made("container"), [""; 0]);
    assert_eq!(docker.made("network"), [""; 0]);
    assert_eq!(docker.made("volume"), volumes);
}
