//! The password of a resource is where it is needed, and nowhere else.

use super::{PASSWORD, on_docker};
use crate::secrets::search::{files_with, processes_with};

#[test]
fn a_password_is_in_no_command_line_no_log_and_no_answer() {
    let test = "a_password_is_in_no_command_line_no_log_and_no_answer";
    let configuration = "
project: shop
resources:
  db: {template: postgres, variant: docker, password: '${secret:db}'}
  cache: {template: redis, variant: docker, password: '${secret:db}'}
  queue: {template: nats, variant: docker, password: '${secret:db}'}
services:
  api:
    run: env | grep -c ^DB_URL=; echo \"$DB_URL\"; exec MISBEHAVE serve
    depends_on: [db, cache, queue]
";
    let Some((docker, project)) = on_docker(test, &["postgres", "redis", "nats"], configuration) else {
        return;
    };
    project.succeed(&["up", "-d"]);
    assert_eq!(processes_with("cmdline", PASSWORD), [0_u32; 0]);
    for arguments in [
        &["status", "--json"][..],
        &["status"],
        &["logs", "-n", "10000"],
        &["events", "--json"],
        &["env", "api", "--all"],
        &["diff"],
    ] {
        let printed = project.kinfra(arguments);
        assert!(!format!("{printed:?}").contains(PASSWORD), "kinfra {arguments:?}: {printed:#?}");
    }
    // What a service prints is kept as it was printed; everything else in the home is KInfra's.
    let printed = project.home.home().node_logs("shop", "api");
    let mut found = files_with(project.home.path(), PASSWORD);
    found.retain(|file| !file.starts_with(&printed));
    assert!(found.is_empty(), "{found:?}");
    // The labels are everybody's to read.
    for name in docker.made("container") {
        let container = docker.container(&name).unwrap();
        assert!(!container["Config"]["Labels"].to_string().contains(PASSWORD), "{name}");
        assert!(!container["Args"].to_string().contains(PASSWORD), "{name}");
    }
    // It is looked for in the right places: who needs it has it.
    let db = docker.container("kinfra-shop-db").unwrap();
    assert!(db["Config"]["Env"].to_string().contains(PASSWORD));
    project.succeed(&["down"]);
}
