use std::time::{Duration, Instant};

use kinfra_engine::control::{Client, Updates};
use kinfra_rpc::{NodeState, Snapshot, Update};
use kinfra_tests::bench::race::{Lane, Race};
use kinfra_tests::docker::Docker;
use kinfra_tests::{TestHome, TestProject};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::api::Api;
use super::events::Events;
use super::ours::{Ours, up};
use super::{NAME, SOON};

const ROUNDS: usize = 10;

/// A container of the bench's project, whose slug is `shop`.
const CONTAINER: &str = "kinfra-shop-it";
const PROJECT: &str = "
project: shop
resources:
  it: {type: docker, image: kinfra-test, restart: never, stop: {signal: KILL}}
";

/// From `docker kill` to whoever waits for it.
pub fn races(runtime: &Runtime) -> Option<Vec<Race>> {
    let mut home = TestHome::new();
    let docker = Docker::start(NAME, &home)?;
    let api = Api::of(&docker);
    let ends = Events::listen(&api, "die");
    let mut races = by_adapter(runtime, &api, &ends, &Ours::new(&docker, &home));
    home.set("DOCKER_HOST", docker.host());
    let project = TestProject::at(home, "shop", PROJECT);
    project.succeed(&["up", "-d"]);
    races.extend(by_engine(runtime, &api, &ends, &project));
    project.succeed(&["down"]);
    // The engine of Docker ends before the project's home.
    drop(docker);
    Some(races)
}

fn by_adapter(runtime: &Runtime, api: &Api, ends: &Events, ours: &Ours) -> Vec<Race> {
    let adapter = ours.adapter("it");
    let container = Ours::container("it");
    let mut kills = Kills::new("KInfra's adapter: `ended`");
    for _ in 0..ROUNDS {
        runtime.block_on(up(adapter.clone()));
        let waiting = runtime.spawn({
            let adapter = adapter.clone();
            async move {
                adapter.ended().await;
                Instant::now()
            }
        });
        let begun = Instant::now();
        api.kill(&container);
        let known = runtime.block_on(async { timeout(SOON, waiting).await.unwrap().unwrap() });
        kills.take(begun, known, ends.of(&container));
    }
    kills.races("a killed container")
}

fn by_engine(runtime: &Runtime, api: &Api, ends: &Events, project: &TestProject) -> Vec<Race> {
    let updates = runtime
        .block_on(async { Client::connect(&project.home.home()).await.unwrap().watch().await.unwrap() });
    let mut ear = Ear { updates, state: Snapshot::default() };
    let mut kills = Kills::new("KInfra: its new state is told to a window");
    for _ in 0..ROUNDS {
        runtime.block_on(ear.hear(NodeState::is_healthy));
        let begun = Instant::now();
        api.kill(CONTAINER);
        let known = runtime.block_on(ear.hear(|node| !node.is_healthy()));
        kills.take(begun, known, ends.of(CONTAINER));
        project.succeed(&["up", "-d"]);
    }
    kills.races("a killed resource of a project")
}

/// Follows the state of the one node as a window does.
struct Ear {
    updates: Updates,
    state: Snapshot,
}

impl Ear {
    async fn hear(&mut self, wanted: impl Fn(&NodeState) -> bool) -> Instant {
        let heard = async {
            loop {
                if self.state.projects.iter().flat_map(|project| &project.nodes).any(&wanted) {
                    return Instant::now();
                }
                match self.updates.recv().await.unwrap() {
                    Update::Snapshot(snapshot) => self.state = snapshot,
                    Update::Delta(delta) => drop(self.state.apply(&delta)),
                    _ => {}
                }
            }
        };
        timeout(SOON, heard).await.unwrap()
    }
}

struct Kills {
    since: Vec<Lane>,
    after: Lane,
}

impl Kills {
    fn new(ours: &str) -> Self {
        Self {
            since: vec![Lane::new(ours), Lane::new("another listener to the engine's events")],
            after: Lane::new(ours).noted("asked: less than 100. Below 0: ahead of the other listener"),
        }
    }

    fn take(&mut self, begun: Instant, known: Instant, told: Instant) {
        let (ours, theirs) = (milliseconds(known - begun), milliseconds(told - begun));
        self.since[0].take(Ok(ours));
        self.since[1].take(Ok(theirs));
        self.after.take(Ok(ours - theirs));
    }

    fn races(self, what: &str) -> Vec<Race> {
        vec![
            Race::new(format!("{what}, since it was asked for"), "ms", self.since),
            Race::new(format!("{what}, since the engine's event"), "ms", vec![self.after]),
        ]
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
