use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use kinfra_rpc::{NodeState, Phase, ProjectState};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{TestHome, wait_for, wait_until};

/// Long against anything that a loaded machine may need; only a failing test takes it.
const SOON: Duration = Duration::from_secs(30);

/// One project in a home of its own, used as a person would: by the `kinfra` command in its folder.
#[derive(Debug)]
pub struct TestProject {
    pub home: TestHome,
    folder: PathBuf,
}

/// How a `kinfra` command ended and what it printed.
#[derive(Debug)]
pub struct Printed {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl TestProject {
    /// With this `kinfra.yaml`, in which `MISBEHAVE` stands for the path of that program.
    #[must_use]
    pub fn new(configuration: &str) -> Self {
        Self::at(TestHome::new(), "shop", configuration)
    }

    /// One more project of a home.
    #[must_use]
    pub fn at(home: TestHome, name: &str, configuration: &str) -> Self {
        let misbehave = crate::bin("misbehave");
        let folder = home.project(name, &configuration.replace("MISBEHAVE", &misbehave.to_string_lossy()));
        Self { home, folder }
    }

    /// The example as it is shipped.
    ///
    /// # Panics
    /// When it can't be written.
    #[must_use]
    pub fn example() -> Self {
        let home = TestHome::new();
        let folder = home.path().join("projects").join("shop");
        let output = home.command("kinfra").arg("example").arg(&folder).output();
        assert!(
            output.is_ok_and(|output| output.status.success()),
            "kinfra example can't write {}",
            folder.display()
        );
        Self { home, folder }
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `kinfra`, with these arguments, not yet started.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command("kinfra");
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs `kinfra` to its end.
    ///
    /// # Panics
    /// When it can't be started.
    #[track_caller]
    pub fn kinfra(&self, arguments: &[&str]) -> Printed {
        let output = self.command(arguments).output();
        output.unwrap_or_else(|error| panic!("kinfra {arguments:?} can't be run: {error}")).into()
    }

    /// Runs `kinfra`, which must end with 0, and gives what it printed.
    ///
    /// # Panics
    /// When it doesn't.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let printed = self.kinfra(arguments);
        assert_eq!(printed.code, Some(0), "kinfra {arguments:?}: {printed:#?}");
        printed.stdout
    }

    /// `kinfra status --json`. None when there is no engine or no such project.
    #[must_use]
    pub fn status(&self) -> Option<ProjectState> {
        serde_json::from_str(&self.kinfra(&["status", "--json"]).stdout).ok()
    }

    /// # Panics
    /// When there is no such service.
    #[must_use]
    #[track_caller]
    pub fn node(&self, name: &str) -> NodeState {
        let status = self.status();
        let node = status.iter().flat_map(|project| &project.nodes).find(|node| node.name == name);
        node.unwrap_or_else(|| panic!("no service {name} in {status:#?}")).clone()
    }

    /// Waits until a service is as wanted.
    ///
    /// # Panics
    /// When it isn't soon.
    #[track_caller]
    pub fn wait_for_node(
        &self,
        name: &str,
        what: &str,
        mut test: impl FnMut(&NodeState) -> bool,
    ) -> NodeState {
        let mut last = None;
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(&format!("{name} to be {what}"), SOON, || {
                let node = self.node(name);
                let fits = test(&node);
                last = Some(node.clone());
                fits.then_some(node)
            })
        }));
        found.unwrap_or_else(|_| panic!("{name} is not {what} but {last:#?}"))
    }

    #[track_caller]
    pub fn wait_for_phase(&self, name: &str, phase: Phase) -> NodeState {
        self.wait_for_node(name, &format!("{phase:?}"), |node| node.phase == phase)
    }

    /// Kills the one process of its home whose command holds this text, and waits until it is gone.
    ///
    /// # Panics
    /// When there is none, or it stays.
    pub fn kill(&self, text: &str) {
        let found = self.home.processes();
        let process = found.iter().find(|process| process.command.contains(text));
        let process = process.unwrap_or_else(|| panic!("no {text} in {found:#?}"));
        let pid = Pid::from_raw(process.pid.cast_signed()).unwrap_or_else(|| panic!("pid 0"));
        kill_process(pid, Signal::KILL).unwrap_or_else(|error| panic!("{text}: {error}"));
        let is_gone = || self.home.processes().iter().all(|other| other.pid != process.pid);
        wait_until("a killed process to be gone", SOON, is_gone);
    }

    /// The port that the proxy listens on.
    ///
    /// # Panics
    /// When no service has a URL.
    #[must_use]
    #[track_caller]
    pub fn proxy_port(&self) -> u16 {
        let status = self.status();
        let urls = status.iter().flat_map(|project| &project.nodes).filter_map(|node| node.url.as_deref());
        let port = urls.filter_map(|url| url.rsplit_once(':')?.1.parse().ok()).next();
        port.unwrap_or_else(|| panic!("no URL in {status:#?}"))
    }

    /// What the engine says of itself on its socket, in one command.
    ///
    /// # Panics
    /// When it prints no JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.kinfra(arguments);
        serde_json::from_str(&printed.stdout).unwrap_or_else(|error| panic!("{error} in {printed:#?}"))
    }
}

impl From<Output> for Printed {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
