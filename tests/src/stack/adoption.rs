//! Engine and keeper are lost, in turn and in the midst of things; services go on.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{Health, Phase, Update, Wanted};
use rustix::process::{Pid, Signal, kill_process};

use crate::{TestProject, http, wait_until};

const SOON: Duration = Duration::from_secs(20);

fn pids(project: &TestProject) -> [Option<u32>; 3] {
    ["store", "api", "web"].map(|name| project.node(name).pid)
}

#[test]
fn services_survive_the_engine_and_the_next_one_takes_them_over() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let (before, port, started) = (pids(&shop), shop.node("web").port.unwrap(), shop.node("web").started_at);
    shop.kill("kinfra host");
    assert_eq!(shop.kinfra(&["status"]).code, Some(4), "nobody should answer");
    assert_eq!(http::get(port, "localhost", "/", "*/*").unwrap().status, 200);
    let logs = || shop.succeed(&["logs", "web"]);
    wait_until("the request in the log", SOON, || logs().contains("GET / 200"));

    shop.succeed(&["up", "-d"]);
    assert_eq!(pids(&shop), before);
    let drift = shop.node("web").started_at.unwrap().abs_diff(started.unwrap());
    assert!(drift < 1000, "its uptime begins {drift} ms elsewhere");
    // What was printed while no engine was there is in the log.
    let logs = shop.succeed(&["logs", "web"]);
    assert!(logs.contains("GET / 200"), "{logs}");
    shop.succeed(&["down"]);
    wait_until("all processes to be gone", SOON, || shop.home.processes().is_empty());
}

#[test]
fn how_a_service_ended_while_no_engine_was_there_is_known_exactly() {
    let project = TestProject::new(
        "project: away\nservices:\n  it:\n    run: 'MISBEHAVE crash-after 2000; code=$?; echo last words >&2; exit $code'\n    restart: never\n  other:\n    run: [MISBEHAVE, serve]\n",
    );
    project.succeed(&["up", "-d"]);
    project.kill("kinfra host");
    wait_until("the crash", SOON, || {
        !project.home.processes().iter().any(|process| process.command.contains("crash-after"))
    });
    project.succeed(&["up", "-d", "other"]);
    let node = project.wait_for_node("it", "ended", |node| !node.phase.is_active());
    assert_eq!(node.last_exit.and_then(|exit| exit.code), Some(1), "{node:#?}");
    let told = || project.succeed(&["events", "it"]);
    wait_until("its last words to be told", SOON, || told().contains("│ last words"));
    let told = told();
    let lines: Vec<&str> = told.lines().collect();
    let adopted = lines.iter().position(|line| line.contains("ended while no engine was there")).unwrap();
    assert!(lines[adopted + 1].ends_with("exited with code 1"), "{told}");
    assert!(lines[adopted + 2..].iter().any(|line| line.trim() == "│ last words"), "{told}");
}

#[test]
fn a_crash_that_no_engine_saw_is_notified_by_the_next_one() {
    let project = TestProject::new(
        "project: unseen\nservices:\n  it:\n    run: [MISBEHAVE, crash-after, '2000']\n    restart: never\n  other:\n    run: [MISBEHAVE, serve]\n",
    );
    project.succeed(&["up", "-d"]);
    project.kill("kinfra host");
    wait_until("the crash", SOON, || {
        !project.home.processes().iter().any(|process| process.command.contains("crash-after"))
    });
    project.succeed(&["up", "-d", "other"]);
    // Whoever shows notifications comes a moment later.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let title = runtime.block_on(async {
        let client = Client::connect(&project.home.home()).await.unwrap();
        let mut updates = client.watch().await.unwrap();
        let notice = async {
            loop {
                if let Update::Notice(notice) = updates.recv().await.expect("the engine ended") {
                    return notice.title;
                }
            }
        };
        tokio::time::timeout(SOON, notice).await.expect("nobody tells")
    });
    assert_eq!(title, "it crashed");
}

#[test]
fn a_run_of_which_no_record_is_left_is_ended_gently_and_told_of() {
    let project = TestProject::new(
        "project: stray\nservices:\n  it:\n    run: trap 'echo bye > ended; exit 0' TERM; echo x > begun; while sleep 0.05; do :; done\n    port: none\n  deaf:\n    run: trap '' TERM; echo x > deaf-begun; while sleep 0.05; do :; done\n    port: none\n    stop: {grace: 1}\n  other:\n    run: [MISBEHAVE, serve]\n",
    );
    project.succeed(&["up", "-d"]);
    let is_there = |file: &str| project.folder().join(file).exists();
    wait_until("both to have begun", SOON, || is_there("begun") && is_there("deaf-begun"));
    project.kill("kinfra host");
    let database = rusqlite::Connection::open(project.home.home().database()).unwrap();
    for table in ["run", "desired"] {
        let sql = format!("DELETE FROM {table} WHERE node IN ('it', 'deaf')");
        assert_eq!(database.execute(&sql, []).unwrap(), 2);
    }
    drop(database);
    project.succeed(&["up", "-d", "other"]);
    wait_until("its own last words", SOON, || is_there("ended"));
    let told = |node: &str, how: &str| {
        let events = project.succeed(&["events", node]);
        events
            .lines()
            .any(|line| line.contains("a process of which no record is left, pid ") && line.ends_with(how))
    };
    wait_until("both to be told of", SOON, || {
        told("it", ": stopped") && told("deaf", ": did not end within 1 s: killed")
    });
    let is_left = || project.home.processes().iter().any(|process| process.command.contains("trap"));
    assert!(!is_left(), "{:#?}", project.home.processes());
}

#[test]
fn services_survive_the_keeper_and_can_be_stopped_by_the_next_one() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let before = pids(&shop);
    shop.kill("kinfra-keeper");
    wait_until("the next keeper", SOON, || {
        shop.home.processes().iter().any(|process| process.command.contains("kinfra-keeper"))
    });
    assert_eq!(pids(&shop), before);
    let page = http::get(shop.node("api").port.unwrap(), "localhost", "/health", "*/*").unwrap();
    assert_eq!(page.status, 200);
    shop.succeed(&["down"]);
    wait_until("all processes to be gone", SOON, || shop.home.processes().is_empty());
}

#[test]
fn without_a_keeper_nothing_is_called_stopped_and_a_problem_says_why() {
    let project = TestProject::new(
        "project: alone\nservices:\n  it:\n    run: [MISBEHAVE, serve]\n    stop: {grace: 1}\n  other:\n    run: [MISBEHAVE, serve]\n",
    );
    project.succeed(&["up", "-d"]);
    let pid = project.node("it").pid.unwrap();
    // Whoever has the lock is the keeper: this test, from the moment on in which the other one is lost. The next one
    // may be faster.
    let lock = File::options().write(true).open(project.home.home().keeper_lock()).unwrap();
    let waits = std::thread::spawn(move || {
        lock.lock().unwrap();
        lock
    });
    let keeper = || {
        let processes = project.home.processes();
        processes.iter().find(|process| process.command.contains("kinfra-keeper")).map(|process| process.pid)
    };
    wait_until("the lock", SOON, || {
        if let Some(pid) = keeper().filter(|_| !waits.is_finished()) {
            // It may have ended by itself, as there is another one.
            let _ = kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL);
        }
        waits.is_finished()
    });
    let lock = waits.join().unwrap();
    let said = || project.kinfra(&["status"]).stdout;
    wait_until("its want to be shown", SOON, || said().contains("services run on without a keeper"));
    assert_eq!(project.node("it").health, Health::Healthy);

    let mut down =
        project.command(&["down", "it"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    project.wait_for_node("it", "asked to stop", |node| node.phase == Phase::Stopping);
    // Its signal and, after its grace, the kill have come to nothing.
    let log = project.home.home().engine_log();
    wait_until("both to be in vain", SOON, || {
        let node = project.node("it");
        assert_eq!(node.phase, Phase::Stopping, "{node:#?}");
        std::fs::read_to_string(&log).is_ok_and(|log| log.matches("not signalled").count() >= 2)
    });
    assert!(project.home.processes().iter().any(|process| process.pid == pid), "nobody could signal it");
    drop(lock);
    project.wait_for_node("it", "stopped", |node| node.phase == Phase::Stopped);
    assert!(down.wait().unwrap().success());
    wait_until("no want any more", SOON, || !said().contains("without a keeper"));
}

#[test]
fn a_crash_after_the_keeper_was_lost_is_still_seen() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    shop.kill("kinfra-keeper");
    let before = shop.node("api").pid.unwrap();
    kill_process(Pid::from_raw(before.cast_signed()).unwrap(), Signal::KILL).unwrap();
    let node = shop.wait_for_node("api", "healthy again", |node| {
        node.health == Health::Healthy && node.pid.is_some_and(|pid| pid != before)
    });
    // Its new parent is the system's. The kernel tells the rest of us once that has waited for it, if it does at once.
    let exit = node.last_exit.unwrap();
    assert!(matches!((exit.code, exit.signal), (None, None | Some(9))), "{exit:?}");
}

#[test]
fn when_both_are_lost_nothing_runs_twice_and_nothing_is_left() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    shop.kill("kinfra host");
    shop.kill("kinfra-keeper");
    shop.succeed(&["up", "-d"]);
    let serving =
        || shop.home.processes().iter().filter(|process| process.command.contains("serve-example")).count();
    assert_eq!(serving(), 3, "{:#?}", shop.home.processes());
    assert_eq!(shop.node("web").phase, Phase::Running);
    shop.succeed(&["down"]);
    wait_until("all processes to be gone", SOON, || shop.home.processes().is_empty());
}

/// It takes 4 s to end by itself when it is told to, with code 0.
const SLOW: &str = "
project: slow
services:
  it:
    run: \"trap 'sleep 4; exit 0' TERM; while :; do sleep 0.1; done\"
    port: none
    stop: {grace: 20s}
  other: {run: [MISBEHAVE, serve]}
";

/// Loses the engine while a command has `it` end, and has the next one come.
fn lost_amid(command: &[&str]) -> TestProject {
    let project = TestProject::new(SLOW);
    project.succeed(&["up", "-d"]);
    let mut asked = project.command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    project.wait_for_phase("it", Phase::Stopping);
    project.kill("kinfra host");
    assert!(!asked.wait().unwrap().success());
    project.succeed(&["up", "-d", "other"]);
    project
}

#[test]
fn what_was_being_stopped_is_stopped_by_the_next_engine() {
    let project = lost_amid(&["down", "it"]);
    let node = project.wait_for_node("it", "at rest", |node| !node.phase.is_active());
    assert_eq!((node.phase, node.wanted), (Phase::Stopped, Wanted::Stopped), "{node:#?}");
}

#[test]
fn what_was_being_started_anew_is_started_by_the_next_engine() {
    let project = lost_amid(&["restart", "it"]);
    let before = project.node("it").pid;
    let node = project.wait_for_node("it", "started anew", |node| node.is_healthy() && node.pid != before);
    assert_eq!(node.wanted, Wanted::Running, "{node:#?}");
}
