//! Files that a service watches, and a configuration that changes.

use kinfra_rpc::{ErrorCode, Health};

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

const BEFORE: &str = "
project: shop
services:
  db: {run: [MISBEHAVE, serve]}
  api: {run: [MISBEHAVE, serve], env: {LEVEL: one}, depends_on: [db]}
  old: {run: [MISBEHAVE, serve]}
";

fn write(project: &TestProject, configuration: &str) {
    let misbehave = crate::bin("misbehave");
    let text = configuration.replace("MISBEHAVE", &misbehave.to_string_lossy());
    std::fs::write(project.folder().join("kinfra.yaml"), text).unwrap();
}

fn pids(project: &TestProject, names: &[&str]) -> Vec<Option<u32>> {
    names.iter().map(|name| project.node(name).pid).collect()
}

#[test]
fn a_changed_configuration_is_shown_by_itself_and_applied_to_just_what_changed() {
    let project = TestProject::new(BEFORE);
    project.succeed(&["up", "-d"]);
    let before = pids(&project, &["db", "api"]);
    let after = "
project: shop
services:
  db: {run: [MISBEHAVE, serve], restart: always}
  api: {run: [MISBEHAVE, serve], env: {LEVEL: two}, depends_on: [db]}
  new: {run: [MISBEHAVE, serve], depends_on: [api]}
";
    write(&project, after);
    wait_until("the change to be seen", SOON, || !project.status().unwrap().changes.is_empty());
    let told = project.succeed(&["diff"]);
    assert!(
        told.contains("env.LEVEL: one → two") && told.contains("+ new") && told.contains("- old"),
        "{told}"
    );
    let printed = project.kinfra(&["apply"]);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    for told in ["● api  healthy", "● new  healthy"] {
        assert!(printed.stderr.contains(told), "{told:?} is missing: {printed:#?}");
    }
    assert!(!printed.stderr.contains("db"), "db is not touched: {printed:#?}");
    let now = pids(&project, &["db", "api"]);
    assert_eq!(now[0], before[0], "db runs on");
    assert_ne!(now[1], before[1], "api was started anew");
    assert_eq!(project.node("new").health, Health::Healthy);
    let status = project.status().unwrap();
    assert!(status.changes.is_empty() && status.nodes.iter().all(|node| node.name != "old"), "{status:#?}");
    assert!(project.succeed(&["diff"]).starts_with("Nothing is different"));
}

#[test]
fn what_is_stopped_to_be_applied_is_not_told_to_be_restarted_to_apply() {
    let before = "
project: slow
services:
  api: {run: [MISBEHAVE, ignores-sigterm], env: {LEVEL: one}, stop: {grace: 1s}}
";
    let project = TestProject::new(before);
    project.succeed(&["up", "-d"]);
    write(&project, &before.replace("one", "two"));
    project.succeed(&["up", "-d"]);
    let told = project.node("api").detail;
    assert!(told.ends_with(" · changed, restart to apply"), "{told}");
    let printed = project.kinfra(&["apply"]);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    assert!(printed.stderr.contains("◐ api  stopping, kill in "), "{printed:#?}");
    assert!(!printed.stderr.contains("restart to apply"), "{printed:#?}");
    assert!(!project.node("api").changed);
}

#[test]
fn what_does_not_come_up_is_taken_back() {
    let project = TestProject::new(BEFORE);
    project.succeed(&["up", "-d"]);
    let after = "
project: shop
services:
  db: {run: [MISBEHAVE, serve]}
  api: {run: [MISBEHAVE, exits-at-once, '3'], restart: never, depends_on: [db]}
  web: {run: [MISBEHAVE, serve], depends_on: [api]}
";
    write(&project, after);
    let printed = project.kinfra(&["apply"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    assert!(printed.stdout.contains("api: exited with code 3"), "{printed:#?}");
    for name in ["db", "api", "old"] {
        project.wait_for_node(name, "as before", |node| node.health == Health::Healthy && !node.changed);
    }
    let status = project.status().unwrap();
    assert!(status.nodes.iter().all(|node| node.name != "web") && !status.changes.is_empty(), "{status:#?}");
}

#[test]
fn what_runs_with_older_settings_says_so_also_after_the_engine_was_lost() {
    let project = TestProject::new(BEFORE);
    project.succeed(&["up", "-d"]);
    write(&project, &BEFORE.replace("one", "two"));
    project.succeed(&["up", "-d"]);
    assert!(project.node("api").changed && !project.node("db").changed);
    let before = pids(&project, &["api"]);
    project.kill("kinfra host");
    wait_until("the engine to be gone", SOON, || project.kinfra(&["status"]).code == Some(4));
    project.succeed(&["up", "-d", "db"]);
    assert_eq!((pids(&project, &["api"]), project.node("api").changed), (before.clone(), true));
    project.succeed(&["apply"]);
    assert!(pids(&project, &["api"]) != before && !project.node("api").changed);
}

#[test]
fn what_ran_is_restored_where_that_is_wished_and_not_elsewhere() {
    let project = TestProject::new(BEFORE);
    project.succeed(&["up", "-d", "api"]);
    project.succeed(&["quit"]);
    project.succeed(&["up", "-d", "old"]);
    let running = || -> Vec<String> {
        let nodes = project.status().unwrap().nodes;
        nodes.into_iter().filter(|node| node.pid.is_some()).map(|node| node.name).collect()
    };
    assert_eq!(running(), ["old"]);
    project.succeed(&["up", "-d", "api"]);
    project.succeed(&["quit"]);
    project.succeed(&["settings", "restore", "on"]);
    project.succeed(&["up", "-d", "old"]);
    for name in ["db", "api", "old"] {
        project.wait_for_node(name, "healthy", |node| node.health == Health::Healthy);
    }
}

#[test]
fn that_files_cannot_be_watched_is_shown_until_they_are() {
    // No folder can have that name, so the system refuses to watch it.
    let refused = "x".repeat(300);
    let configuration = |watch: &str| {
        format!(
            "project: blind\nservices:\n  it:\n    run: [{}, serve]\n    watch: {watch}\n",
            crate::bin("misbehave").display()
        )
    };
    let project = TestProject::new(&configuration(&format!("{refused}/file")));
    project.succeed(&["up", "-d"]);
    let node = project.wait_for_node("it", "shown to be unwatched", |node| {
        node.detail.contains(" · its files are not watched: ")
    });
    assert_eq!(
        (node.health, node.problem.map(|problem| problem.code)),
        (Health::Healthy, Some(ErrorCode::Io))
    );
    std::fs::write(project.folder().join("kinfra.yaml"), configuration("src")).unwrap();
    project.succeed(&["apply"]);
    let node = project.wait_for_node("it", "watched", |node| !node.detail.contains("watched"));
    assert_eq!((node.problem, node.restarts), (None, 0));
}
