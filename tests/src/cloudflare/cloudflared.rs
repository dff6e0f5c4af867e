//! The stand-in for cloudflared as a process of a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Cloudflare, Tunnel};
use crate::http::get;
use crate::{TestHome, wait_for, wait_until};

pub(super) const SOON: Duration = Duration::from_secs(20);

/// The program, with nothing of the tester's own around it.
pub(super) fn command(home: &TestHome) -> Command {
    let mut command = home.command("fake-cloudflared");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TUNNEL_")) {
        command.env_remove(name);
    }
    command.env("HOME", home.path()).stdin(Stdio::null());
    command
}

/// One whose log is read.
#[derive(Debug)]
pub(super) struct Cloudflared {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Cloudflared {
    /// Runs a tunnel as a supervisor would.
    pub(super) fn run(home: &TestHome, cloudflare: &Cloudflare, tunnel: &Tunnel, options: &[&str]) -> Self {
        let edge = cloudflare.edge();
        let mut command = command(home);
        command.args([
            "tunnel",
            "--config",
            "/dev/null",
            "--no-autoupdate",
            "--no-prechecks",
            "--output",
            "json",
        ]);
        command.args(["--metrics", "127.0.0.1:0"]).args(options).arg("run").env("TUNNEL_EDGE", edge);
        Self::start(command.env("TUNNEL_TOKEN", tunnel.token()))
    }

    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stderr, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        let reader = spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        Self { child, log, reader: Some(reader) }
    }

    /// All lines until now.
    pub(super) fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The first one with this message, if it has been said.
    pub(super) fn said(&self, message: &str) -> Option<Value> {
        let lines = self.lines();
        let mut entries = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        entries.find(|entry| entry["message"].as_str().is_some_and(|said| said.starts_with(message)))
    }

    #[track_caller]
    pub(super) fn wait_said(&self, message: &str) -> Value {
        wait_for(message, SOON, || self.said(message))
    }

    pub(super) fn metrics(&self) -> u16 {
        let entry = self.wait_said("Starting metrics server on ");
        let message = entry["message"].as_str().unwrap().to_owned();
        let address = message.trim_start_matches("Starting metrics server on ").trim_end_matches("/metrics");
        address.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// The status and the body of a path of its metrics server.
    pub(super) fn tells(&self, path: &str) -> (u16, String) {
        let answer = get(self.metrics(), "localhost", path, "*/*").unwrap();
        (answer.status, answer.body)
    }

    /// How many connections it says to have, or none where it says that it is not ready.
    pub(super) fn ready(&self) -> u64 {
        let (status, body) = self.tells("/ready");
        let body: Value = serde_json::from_str(&body).unwrap();
        let connections = body["readyConnections"].as_u64().unwrap();
        assert_eq!((status == 200, body["status"].as_u64()), (connections > 0, Some(status.into())));
        connections
    }

    #[track_caller]
    pub(super) fn wait_ready(&self, connections: u64) {
        wait_until(&format!("{connections} connections"), SOON, || self.ready() == connections);
    }

    /// At least one: the second one comes right after the first.
    #[track_caller]
    pub(super) fn wait_up(&self) {
        wait_until("a connection", SOON, || self.ready() > 0);
    }

    /// A number of its metrics, 0 where there is none of this name.
    pub(super) fn metric(&self, name: &str) -> u64 {
        let text = self.tells("/metrics").1;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0)
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How it ended, and how long after it was told so.
    pub(super) fn end_by(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        self.signal(signal);
        (self.end(), begun.elapsed())
    }

    /// How it ended, with its whole log read.
    pub(super) fn end(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status
    }
}

impl Drop for Cloudflared {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
