//! Every way for an engine to end.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kinfra_engine::store::Store;
use kinfra_rpc::Phase;
use rustix::process::{Pid, Signal, kill_process};

use crate::{TestProject, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(20);

/// `kinfra up` in the foreground, with the project running.
fn hosted(project: &TestProject) -> Child {
    let child = project.command(&["up"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the project to run", SOON, || {
        let status = project.status();
        status.is_some_and(|project| project.nodes.iter().all(|node| node.phase == Phase::Running))
    });
    child
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn after_a_quit_every_run_has_an_end_so_nothing_starts_by_itself() {
    let shop = TestProject::example();
    for _ in 0..5 {
        shop.succeed(&["up", "-d"]);
        shop.succeed(&["quit"]);
        let (store, _) = Store::open(&shop.home.home().database()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        assert_eq!(runtime.block_on(store.open_runs()).unwrap(), []);
    }
}

#[test]
fn each_ending_signal_stops_everything() {
    for (kind, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let shop = TestProject::example();
        let mut host = hosted(&shop);
        signal(&host, kind);
        assert_eq!(host.wait().unwrap().code(), Some(code), "{kind:?}");
        wait_until("all processes to be gone", SOON, || shop.home.processes().is_empty());
    }
}

#[test]
fn a_second_signal_kills_at_once() {
    let project = TestProject::new(
        "project: stubborn\nservices:\n  it:\n    run: [MISBEHAVE, ignores-sigterm]\n    stop:\n      grace: 1h\n",
    );
    let mut host = hosted(&project);
    let begin = Instant::now();
    signal(&host, Signal::INT);
    project.wait_for_phase("it", Phase::Stopping);
    signal(&host, Signal::INT);
    assert_eq!(host.wait().unwrap().code(), Some(130));
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    wait_until("all processes to be gone", SOON, || project.home.processes().is_empty());
}

#[test]
fn quit_ends_the_engine_and_a_stuck_service_within_its_grace() {
    let project = TestProject::new(
        "project: stubborn\nservices:\n  it:\n    run: [MISBEHAVE, ignores-sigterm]\n    stop:\n      grace: 500ms\n",
    );
    project.succeed(&["up", "-d"]);
    project.succeed(&["quit"]);
    wait_until("all processes to be gone", SOON, || project.home.processes().is_empty());
    assert_eq!(project.kinfra(&["status"]).code, Some(4));
}

#[test]
fn what_is_left_running_is_taken_over_by_the_next_engine() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let before = shop.node("web").pid;
    shop.succeed(&["quit", "--leave-running"]);
    assert_eq!(shop.kinfra(&["status"]).code, Some(4));
    shop.succeed(&["up", "-d"]);
    assert_eq!(shop.node("web").pid, before);
}

#[test]
fn an_engine_in_the_background_keeps_nothing_open_of_whoever_started_it() {
    let shop = TestProject::example();
    let pipe = shop.home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let kinfra = crate::bin("kinfra");
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" up -d 9>\"$1\" >/dev/null"]).args([&kinfra, &pipe]);
    shell.envs(shop.home.environment());
    let started = shell.current_dir(shop.folder()).spawn().unwrap();
    // It ends when nobody has it open for writing any more.
    let read = thread::spawn(move || std::fs::read(pipe).unwrap());
    assert!(started.wait_with_output().unwrap().status.success());
    wait_until("the pipe to end", SOON, || read.is_finished());
    assert_eq!(shop.node("web").phase, Phase::Running);
}

#[test]
fn a_second_engine_of_one_home_is_refused_and_harms_nothing() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let second = shop.kinfra(&["host"]);
    assert_ne!(second.code, Some(0), "{second:#?}");
    assert!(second.stderr.contains("another KInfra already runs"), "{second:#?}");
    assert_eq!(shop.node("web").phase, Phase::Running);
}

#[test]
fn up_beside_an_engine_starts_waits_and_returns() {
    let shop = TestProject::example();
    let mut host = hosted(&shop);
    let other = shop.succeed(&["up"]);
    assert!(other.contains("http://web.shop.localhost:"), "{other}");
    signal(&host, Signal::TERM);
    assert!(wait_for("the host to end", SOON, || host.try_wait().unwrap()).code().is_some());
}
