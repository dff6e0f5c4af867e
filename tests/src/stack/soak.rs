//! Ten thousand starts and stops leave engine and keeper as they were.

use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{ProjectState, Start, Stop};

use crate::bench::watch;
use crate::{TestHome, TestProject};

#[test]
fn two_hundred_starts_and_stops_leave_nothing_behind() {
    soak(200);
}

#[test]
#[ignore = "deep"]
fn ten_thousand_starts_and_stops_leave_nothing_behind() {
    soak(10_000);
}

/// What a process has of the system.
#[derive(Debug, Clone, Copy)]
struct Held {
    descriptors: usize,
    /// Bytes of its own: what it shares with other engines depends on how many there are.
    memory: u64,
    children: usize,
}

fn soak(cycles: usize) {
    let home = TestHome::new();
    // It keeps the engine from ending with the last stop.
    let other =
        TestProject::at(home, "other", "project: other\nservices:\n  it: {run: [MISBEHAVE, serve]}\n");
    other.succeed(&["up", "-d"]);
    let folder = other.home.project(
        "cycled",
        "project: cycled\nservices:\n  one: {run: exec sleep 600, port: none, health: {command: 'true'}}\n  two: {run: exec sleep 600, port: none, health: {command: 'true'}, depends_on: [one]}\n",
    );
    other.succeed(&["add", folder.to_str().unwrap()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(Client::connect(&other.home.home())).unwrap();
    let cycle = || {
        runtime.block_on(async {
            client.call(Start { project: "cycled".to_owned(), ..Start::default() }).await.unwrap();
            until(&client, |project| project.healthy() == 2).await;
            client.call(Stop { project: "cycled".to_owned(), services: vec![] }).await.unwrap();
            until(&client, |project| {
                project.nodes.iter().all(|node| !node.phase.is_active() && node.pid.is_none())
            })
            .await;
        });
    };
    // What is made once and kept, such as threads and caches, is there after some of them.
    let warm = cycles / 10 + 50;
    (0..warm).for_each(|_| cycle());
    let before = held(&other);
    (0..cycles).for_each(|_| cycle());
    let after = held(&other);
    println!("after {warm} cycles: {before:#?}\nafter {} cycles: {after:#?}", warm + cycles);
    for ((name, before), (_, after)) in before.into_iter().zip(after) {
        // A pipe or connection may be open for the moment of the look.
        assert!(after.descriptors <= before.descriptors + 4, "{name}: {before:?} → {after:?}");
        assert_eq!(after.children, before.children, "{name}: {before:?} → {after:?}");
        let grown = after.memory.saturating_sub(before.memory);
        assert!(grown < 4 << 20, "{name} has grown by {grown} bytes");
    }
}

async fn until(client: &Client, test: impl FnMut(&ProjectState) -> bool) {
    let reached = watch::until(client, "cycled", test);
    tokio::time::timeout(Duration::from_secs(30), reached).await.unwrap();
}

fn held(project: &TestProject) -> Vec<(&'static str, Held)> {
    let processes = project.home.processes();
    let of = |name: &'static str, text: &str| {
        let process = processes.iter().find(|process| process.command.contains(text)).unwrap();
        let pid = process.pid;
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        let memory = process.memory("smaps_rollup", "Anonymous");
        let children = processes.iter().filter(|other| other.parent == pid).count();
        (name, Held { descriptors, memory, children })
    };
    vec![of("engine", "kinfra host"), of("keeper", "kinfra-keeper")]
}
