//! How long twenty services take to start and to stop, and one to be well again after a crash; beside what the
//! operating system takes for the same processes with nobody supervising.
#![allow(clippy::print_stdout)] // a benchmark prints what it measured

use std::fmt::Write;
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use kinfra_engine::control::Client;
use kinfra_rpc::{ProjectState, Start, Stop};
use kinfra_tests::bench::{Comparison, report, watch};
use kinfra_tests::{TestHome, TestProject, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;

const ROUNDS: usize = 7;
const SERVICES: u16 = 20;
const SOON: Duration = Duration::from_secs(60);

fn main() {
    let mut text = "project: bench\nservices:\n".to_owned();
    for number in 0..SERVICES {
        let _ = writeln!(text, "  s{number}:\n    run: [MISBEHAVE, serve]");
    }
    let project = TestProject::new(&text);
    project.succeed(&["up", "-d"]);
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("cannot start tokio: {error}"));
    let client = runtime.block_on(Client::connect(&project.home.home()));
    let ours = Ours { runtime, client: client.unwrap_or_else(|error| panic!("{error}")) };
    let home = TestHome::new();
    let bare = Bare { home: &home };

    ours.stop();
    let start = Comparison::measure(
        "start of 20, until all are healthy",
        "fork, exec, and a connection to each port",
        ROUNDS,
        || {
            let taken = time(|| ours.start());
            ours.stop();
            taken
        },
        || {
            let mut children = vec![];
            let taken = time(|| children = bare.start(SERVICES));
            bare.stop(children);
            taken
        },
    );
    let stop = Comparison::measure(
        "stop of 20, until nothing is left",
        "a signal to each, and a wait",
        ROUNDS,
        || {
            ours.start();
            time(|| ours.stop())
        },
        || {
            let children = bare.start(SERVICES);
            time(|| bare.stop(children))
        },
    );
    ours.start();
    let crash = Comparison::measure(
        "a crash, until healthy again",
        "fork, exec, and a connection to the port",
        ROUNDS,
        || ours.crash(),
        || {
            let mut children = vec![];
            let taken = time(|| children = bare.start(1));
            bare.stop(children);
            taken
        },
    );
    println!("{}", report("start", &[start, stop, crash]));
}

fn time(act: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    act();
    begin.elapsed()
}

struct Ours {
    runtime: Runtime,
    client: Client,
}

impl Ours {
    fn start(&self) {
        let start = Start { project: "bench".to_owned(), ..Start::default() };
        self.runtime.block_on(async {
            self.client.call(start).await.unwrap_or_else(|error| panic!("{error}"));
            self.until(|project| project.healthy() == usize::from(SERVICES)).await;
        });
    }

    fn stop(&self) {
        let stop = Stop { project: "bench".to_owned(), services: vec![] };
        self.runtime.block_on(async {
            self.client.call(stop).await.unwrap_or_else(|error| panic!("{error}"));
            self.until(|project| {
                project.nodes.iter().all(|node| node.pid.is_none() && !node.phase.is_active())
            })
            .await;
        });
    }

    /// From the kill on. The stable time of a service is not waited for, so each round's restart is one that backs
    /// off more; a Start in between begins anew.
    fn crash(&self) -> Duration {
        self.stop();
        self.start();
        self.runtime.block_on(async {
            let mut old = None;
            self.until(|project| {
                old = project.nodes[0].pid;
                true
            })
            .await;
            let begin = Instant::now();
            kill(old.unwrap_or_default());
            self.until(|project| project.nodes[0].is_healthy() && project.nodes[0].pid != old).await;
            begin.elapsed()
        })
    }

    async fn until(&self, test: impl FnMut(&ProjectState) -> bool) {
        watch::until(&self.client, "bench", test).await;
    }
}

fn kill(pid: u32) {
    if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
        // Only if it has ended by itself; then the next wait says so.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// The same processes with nobody in between.
struct Bare<'a> {
    home: &'a TestHome,
}

impl Bare<'_> {
    fn start(&self, services: u16) -> Vec<Child> {
        let ports = || (0..services).map(|number| self.home.ports().start() + number);
        let children = ports().map(|port| {
            let mut command = self.home.command("misbehave");
            command.arg("serve").env("PORT", port.to_string()).stdout(Stdio::null());
            command.spawn().unwrap_or_else(|error| panic!("cannot start misbehave: {error}"))
        });
        let children = children.collect();
        for port in ports() {
            wait_until("a bare server", SOON, || TcpStream::connect(("127.0.0.1", port)).is_ok());
        }
        children
    }

    fn stop(&self, children: Vec<Child>) {
        for child in &children {
            if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        for mut child in children {
            child.wait().unwrap_or_else(|error| panic!("cannot wait for misbehave: {error}"));
        }
    }
}
