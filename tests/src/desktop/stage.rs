use std::fs::{copy, create_dir_all};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use kinfra_engine::control::Client;
use kinfra_rpc::{Health, HelloReply, NodeState, Phase, ProjectState};

use super::guest::Guest;
use super::http::{Reply, browse};
use super::private::{Desktop, Options};
use super::tray::{PATIENCE, Tray};
use crate::{Process, TestHome, wait_for, wait_for_ok, wait_until};

/// A KInfra of one test's own on a desktop of its own, with a copy of the example project. What the app started is
/// ended before the desktop goes.
pub struct Stage {
    pub home: TestHome,
    pub example: PathBuf,
    pub desktop: Desktop,
}

impl Stage {
    pub fn set(test: &str, options: Options) -> Option<Self> {
        let desktop = Desktop::start(test, options)?;
        let home = TestHome::new();
        let example = desktop.folder().join("home/projects/shop");
        create_dir_all(&example).unwrap();
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example/kinfra.yaml");
        copy(original, example.join("kinfra.yaml")).unwrap();
        Some(Self { home, example, desktop })
    }

    /// The app, ready to be given arguments.
    pub fn command(&self) -> Command {
        let mut command = self.home.command("kinfra-desktop");
        self.desktop.adopt(&mut command);
        command
    }

    /// Starts the app with these arguments.
    pub fn start(&self, arguments: &[&str]) -> App {
        App(self.desktop.start_guest(self.command().args(arguments)))
    }

    /// Starts the app with the example in its menu, and waits for its icon.
    #[track_caller]
    pub fn start_with_example(&self, more: &[&str]) -> (App, Tray<'_>) {
        let example = self.example.to_str().unwrap();
        let app = self.start(&[&["--add", example], more].concat());
        let tray = Tray::find(&self.desktop);
        tray.wait_for("the example in the menu", |menu| menu.find(&["shop"]).map(drop));
        (app, tray)
    }

    /// Clicks *Start* and waits until everything is healthy.
    #[track_caller]
    pub fn bring_up(&self, tray: &Tray<'_>) {
        tray.click(&["shop", "Start"]);
        tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    }

    /// What `kinfra status --json` says of the example; none where no engine answers.
    pub fn status(&self) -> Option<ProjectState> {
        let mut command = self.home.command("kinfra");
        let output = command.args(["--json", "status", "--project", "shop"]).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }

    /// What the engine that answers says of itself.
    #[track_caller]
    pub fn engine(&self) -> HelloReply {
        let hello = async { Client::connect(&self.home.home()).await?.hello().await };
        self.desktop.wait(hello).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// One service as the status has it.
    #[track_caller]
    pub fn service(&self, name: &str) -> NodeState {
        let status = self.status().expect("no engine answers");
        status.nodes.into_iter().find(|node| node.name == name).unwrap()
    }

    /// The pids of the example's services, by the status.
    pub fn pids(&self) -> Vec<Option<u32>> {
        self.status().map(|status| status.nodes.iter().map(|node| node.pid).collect()).unwrap_or_default()
    }

    /// The port of the proxy, from the URL that the status gives.
    #[track_caller]
    pub fn proxy_port(&self) -> u16 {
        let url = wait_for("a URL in the status", PATIENCE, || self.status()?.nodes.first()?.url.clone());
        url.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap()
    }

    /// What a browser gets from a service of the example through the proxy.
    pub fn browse(&self, proxy: u16, service: &str) -> Result<Reply, String> {
        self.desktop.wait(browse(proxy, &format!("{service}.shop.localhost"), "/"))
    }

    /// The example's living processes, as the system sees them.
    pub fn services(&self) -> Vec<Process> {
        let all = self.home.processes().into_iter();
        all.filter(|process| process.command.contains("serve-example")).collect()
    }

    /// The processes that show the window's page.
    pub fn web_processes(&self) -> Vec<Process> {
        let all = self.home.processes().into_iter();
        all.filter(|process| process.command.contains("WebKitWebProcess")).collect()
    }

    #[track_caller]
    pub fn wait_until_nothing_lives(&self) {
        wait_for_ok("every process to end", PATIENCE, || match &*self.home.processes() {
            [] => Ok(()),
            left => Err(format!("; these live: {left:#?}")),
        });
    }
}

pub fn is_healthy(node: &NodeState) -> bool {
    node.phase == Phase::Running && node.health == Health::Healthy
}

/// The running app.
pub struct App(Guest);

impl App {
    /// Waits until it has ended, and gives its exit code; none when a signal ended it.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        wait_for("the app to end", PATIENCE, || self.0.ended()).code()
    }

    #[track_caller]
    pub fn assert_lives(&mut self) {
        assert_eq!(self.0.ended(), None, "the app has ended");
    }
}

impl Deref for App {
    type Target = Guest;

    fn deref(&self) -> &Guest {
        &self.0
    }
}

/// Waits until the desktop shows a window of the app.
#[track_caller]
pub fn wait_for_window(stage: &Stage) -> String {
    wait_for("the window", PATIENCE, || stage.desktop.display.windows("KInfra").pop())
}

#[track_caller]
pub fn wait_until_no_window(stage: &Stage) {
    wait_until("the window to close", PATIENCE, || stage.desktop.display.windows("KInfra").is_empty());
}
