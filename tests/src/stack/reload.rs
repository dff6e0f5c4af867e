//! Files that a service watches, and a configuration that changes.

use kinfra_rpc::Health;

use crate::{TestProject, wait_until};

const SOON: std::time::Duration = std::time::Duration::from_secs(20);

#[test]
fn a_change_of_a_watched_file_starts_anew_and_one_that_git_ignores_does_not() {
    let project = TestProject::new(
        "
project: shop
services:
  api: {run: [MISBEHAVE, serve], watch: {paths: [src], ignore: ['*.test.js']}}
",
    );
    let write = |path: &str| std::fs::write(project.folder().join(path), "x").unwrap();
    std::fs::create_dir_all(project.folder().join("src/build")).unwrap();
    std::fs::create_dir(project.folder().join(".git")).unwrap();
    std::fs::write(project.folder().join(".gitignore"), "build/\n").unwrap();
    project.succeed(&["up", "-d"]);
    let before = project.node("api").pid;
    for path in ["src/build/out.js", "src/a.test.js", "other.js", "src/a.js"] {
        write(path);
    }
    project.wait_for_node("api", "started anew", |node| {
        node.health == Health::Healthy && node.pid.is_some() && node.pid != before
    });
    let told = project.succeed(&["events", "api"]);
    assert!(told.contains("src/a.js changed: started anew"), "{told}");
    assert_eq!(told.matches("changed").count(), 1, "{told}");
    project.succeed(&["down"]);
}

#[test]
fn a_mended_file_is_what_a_crash_loop_waits_for() {
    let project = TestProject::new(
        "
project: shop
services:
  api: {run: sh start, watch: start, restart: {max: 0}}
",
    );
    let write = |script: &str| std::fs::write(project.folder().join("start"), script).unwrap();
    write("echo broken >&2; exit 3");
    assert_eq!(project.kinfra(&["up", "-d"]).code, Some(1));
    write("exec MISBEHAVE serve".replace("MISBEHAVE", &crate::bin("misbehave").to_string_lossy()).as_str());
    project.wait_for_node("api", "healthy", |node| node.health == Health::Healthy);
    project.succeed(&["down"]);
}

#[test]
fn a_signal_can_be_what_a_change_is_for() {
    let project = TestProject::new(
        "
project: shop
services:
  api:
    run: trap 'echo reloaded' HUP; echo ready; while :; do sleep 0.05; done
    port: none
    health: {log: ready}
    watch: conf
    on_change: {signal: HUP}
",
    );
    std::fs::write(project.folder().join("conf"), "a").unwrap();
    project.succeed(&["up", "-d"]);
    let before = project.node("api").pid;
    std::fs::write(project.folder().join("conf"), "b").unwrap();
    wait_until("the signal", SOON, || project.succeed(&["logs", "api"]).contains("reloaded"));
    assert_eq!(project.node("api").pid, before);
}
