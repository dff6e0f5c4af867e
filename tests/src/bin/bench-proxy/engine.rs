use std::path::Path;
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{AddProject, NodeState, ProjectState, RemoveProject, Start, Stop, TakeSnapshot};
use kinfra_tests::bench::watch;
use kinfra_tests::{TestHome, wait_for};
use tokio::runtime::Runtime;

pub const PROJECT: &str = "bench";
const SOON: Duration = Duration::from_secs(30);

/// A connection to the world's engine.
pub struct Engine {
    runtime: Runtime,
    client: Client,
}

impl Engine {
    /// To the one that is about to run.
    pub fn connect(home: &TestHome) -> Self {
        let runtime = Runtime::new().unwrap_or_else(|error| panic!("cannot start tokio: {error}"));
        let home = home.home();
        let client = wait_for("an engine", SOON, || runtime.block_on(Client::connect(&home)).ok());
        Self { runtime, client }
    }

    pub fn add(&self, folder: &Path) {
        let add = AddProject { folder: folder.to_owned() };
        self.runtime.block_on(self.client.call(add)).unwrap_or_else(|error| panic!("{error}"));
    }

    pub fn remove(&self, project: &str) {
        let remove = RemoveProject { project: project.to_owned() };
        self.runtime.block_on(self.client.call(remove)).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Until all of these are healthy.
    pub fn start(&self, services: &[&str]) {
        let names: Vec<String> = services.iter().map(|name| (*name).to_owned()).collect();
        let start = Start { project: PROJECT.to_owned(), services: names, profiles: vec![] };
        self.runtime.block_on(async {
            self.client.call(start).await.unwrap_or_else(|error| panic!("{error}"));
            let all_healthy = |project: &ProjectState| {
                let mut wanted = project.nodes.iter().filter(|node| services.contains(&node.name.as_str()));
                wanted.all(NodeState::is_healthy)
            };
            watch::until(&self.client, PROJECT, all_healthy).await;
        });
    }

    /// Until it runs no more.
    pub fn stop(&self, service: &str) {
        let stop = Stop { project: PROJECT.to_owned(), services: vec![service.to_owned()] };
        self.runtime.block_on(async {
            self.client.call(stop).await.unwrap_or_else(|error| panic!("{error}"));
            let has_ended = |project: &ProjectState| {
                let mut named = project.nodes.iter().filter(|node| node.name == service);
                named.all(|node| node.pid.is_none() && !node.phase.is_active())
            };
            watch::until(&self.client, PROJECT, has_ended).await;
        });
    }

    /// Its pid, and the port of its proxy.
    pub fn place(&self) -> (u32, u16) {
        let snapshot = self.runtime.block_on(self.client.call(TakeSnapshot {}));
        let engine = snapshot.unwrap_or_else(|error| panic!("{error}")).engine;
        let port = engine.proxy.port.unwrap_or_else(|| panic!("no proxy: {:?}", engine.proxy.problem));
        (engine.pid, port)
    }
}
