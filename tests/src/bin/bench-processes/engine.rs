use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{ProjectState, Start, TakeSnapshot};
use kinfra_tests::bench::watch;
use kinfra_tests::{bin, wait_for};
use tokio::runtime::Runtime;

use crate::stage::Stage;

const PROJECT: &str = "bench";
const SOON: Duration = Duration::from_secs(30);

/// A headless engine in a stage's home, and a connection to it.
pub struct Engine {
    runtime: Runtime,
    client: Client,
    kinfra: Command,
}

impl Engine {
    /// The project of the stage's services, each on a port that KInfra chooses.
    pub fn write_project(stage: &Stage) -> PathBuf {
        let run = format!("{:?}", stage.service("-"));
        let mut text = format!("project: {PROJECT}\nservices:\n");
        for (name, _) in stage.services() {
            let _ = writeln!(text, "  {name}:\n    run: {run}");
        }
        stage.home().project(PROJECT, &text)
    }

    /// Starts one with nothing to do.
    pub fn begin(stage: &mut Stage) -> Self {
        let mut host = stage.command(&bin("kinfra"));
        stage.spawn(host.args(["host", "--detached"])).unwrap_or_else(|error| panic!("{error}"));
        Self::connect(stage)
    }

    /// To the one that runs, or is about to.
    pub fn connect(stage: &Stage) -> Self {
        let runtime = Runtime::new().unwrap_or_else(|error| panic!("cannot start tokio: {error}"));
        let home = stage.home().home();
        let client = wait_for("an engine", SOON, || runtime.block_on(Client::connect(&home)).ok());
        Self { runtime, client, kinfra: stage.command(&bin("kinfra")) }
    }

    /// Makes the project known, its ports chosen.
    pub fn add(&mut self, folder: &Path) {
        let ended = self.kinfra.arg("add").current_dir(folder).status();
        assert!(ended.is_ok_and(|status| status.success()), "kinfra add fails in {}", folder.display());
    }

    pub fn start(&self) {
        let start = Start { project: PROJECT.to_owned(), services: vec![], profiles: vec![] };
        self.runtime.block_on(self.client.call(start)).unwrap_or_else(|error| panic!("{error}"));
    }

    pub fn until(&self, test: impl FnMut(&ProjectState) -> bool) {
        self.runtime.block_on(watch::until(&self.client, PROJECT, test));
    }

    pub fn pid(&self) -> u32 {
        let snapshot = self.runtime.block_on(self.client.call(TakeSnapshot {}));
        snapshot.unwrap_or_else(|error| panic!("{error}")).engine.pid
    }

    /// The engine and its keeper.
    pub fn processes(&self, stage: &Stage) -> Vec<u32> {
        let all = stage.home().processes();
        let keeper = all.iter().find(|process| process.command.contains("kinfra-keeper"));
        std::iter::once(self.pid()).chain(keeper.map(|keeper| keeper.pid)).collect()
    }

    /// Where the only service's output is kept.
    pub fn log_folder(stage: &Stage, service: &str) -> PathBuf {
        stage.home().home().node_logs(PROJECT, service)
    }
}
