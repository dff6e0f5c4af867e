use std::time::Duration;

use serde_json::Value;

use super::Docker;
use crate::wait_until;

/// What everything that KInfra makes carries.
const MARK: &str = "label=dev.kinfra.home";
const NETWORK: &str = "kinfra-test";

impl Docker {
    /// Runs a web server in a container of this name, published on this port of 127.0.0.1.
    ///
    /// # Panics
    /// When it can't.
    #[track_caller]
    pub fn serve(&self, name: &str, port: u16) {
        let publish = format!("127.0.0.1:{port}:80");
        let network = self.network();
        self.succeed(&[
            "run",
            "-d",
            "--rm",
            "--name",
            name,
            "--network",
            network,
            "-p",
            &publish,
            "kinfra-test",
        ]);
    }

    /// A network for containers that a test runs by itself.
    #[track_caller]
    pub fn network(&self) -> &'static str {
        if !self.docker(&["network", "inspect", NETWORK]).status.success() {
            self.succeed(&["network", "create", NETWORK]);
        }
        NETWORK
    }

    /// Whether this container runs.
    #[must_use]
    #[track_caller]
    pub fn runs(&self, name: &str) -> bool {
        self.succeed(&["ps", "--format", "{{.Names}}"]).lines().any(|line| line == name)
    }

    /// Waits until it doesn't run any more: the engine's list follows the event of an end by a moment.
    ///
    /// # Panics
    /// When it still runs after some seconds.
    #[track_caller]
    pub fn wait_for_end_of(&self, name: &str) {
        wait_until("a container to end", Duration::from_secs(5), || !self.runs(name));
    }

    /// What the engine says of a container. None: there is none of that name.
    ///
    /// # Panics
    /// When it says something else than JSON.
    #[must_use]
    #[track_caller]
    pub fn container(&self, name: &str) -> Option<Value> {
        let output = self.docker(&["container", "inspect", name]);
        if !output.status.success() {
            return None;
        }
        let said = serde_json::from_slice(&output.stdout);
        let mut said: Value = said.unwrap_or_else(|error| panic!("{error} in {output:?}"));
        Some(said[0].take())
    }

    /// # Panics
    /// When there is no such container.
    #[must_use]
    #[track_caller]
    pub fn id(&self, name: &str) -> String {
        self.succeed(&["container", "inspect", "--format", "{{.Id}}", name]).trim().to_owned()
    }

    /// Everything of this kind (`container`, `volume`, `network`) that KInfra has made, in the order of names.
    #[must_use]
    #[track_caller]
    pub fn made(&self, kind: &str) -> Vec<String> {
        let name = if kind == "container" { "{{.Names}}" } else { "{{.Name}}" };
        let all: &[&str] = if kind == "container" { &["--all"] } else { &[] };
        let list = self.succeed(&[&[kind, "ls", "--filter", MARK, "--format", name], all].concat());
        let mut names: Vec<_> = list.lines().map(str::to_owned).collect();
        names.sort();
        names
    }
}
