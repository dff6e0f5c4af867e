use std::thread;
use std::time::{Duration, Instant};

use kinfra_rpc::NodeState;
use kinfra_tests::bench::proc::processor_time;
use kinfra_tests::bench::race::{Lane, Race};
use kinfra_tests::docker::Docker;
use kinfra_tests::{TestHome, TestProject, wait_until};
use tokio::runtime::Runtime;

use super::api::Api;
use super::ten::configuration;
use super::{NAME, SOON, time};

const CONTAINERS: usize = 100;
const ROUNDS: usize = 3;

/// Over which time it is measured, and how long after the last start that begins.
const STEADY: Duration = Duration::from_secs(20);
const SETTLED: Duration = Duration::from_secs(15);

/// What it takes of a core to watch many that just run.
pub fn races(_: &Runtime) -> Option<Vec<Race>> {
    let mut home = TestHome::new();
    let docker = Docker::with_large_networks(NAME, &home)?;
    home.set("DOCKER_HOST", docker.host());
    let project = TestProject::at(home, "shop", &configuration(CONTAINERS));
    let mut many =
        Lane::new(&format!("KInfra watches {CONTAINERS}: its engine")).noted("asked: less than 0.5");
    let mut one = Lane::new("KInfra watches 1: its engine");
    let mut keeper = Lane::new(&format!("KInfra watches {CONTAINERS}: its keeper"));
    project.succeed(&["up", "-d", "c0"]);
    thread::sleep(SETTLED);
    for _ in 0..ROUNDS {
        one.take(Ok(measure(&project)[0]));
    }
    let taken = time(|| project.succeed(&["up", "-d"]));
    wait_until("all to be healthy", SOON, || {
        project.status().is_some_and(|project| project.nodes.iter().all(NodeState::is_healthy))
    });
    many = many.noted(&format!("asked: less than 0.5. Their start took {:.0} s", taken / 1_000.0));
    thread::sleep(SETTLED);
    for _ in 0..ROUNDS {
        let [engine, held] = measure(&project);
        many.take(Ok(engine));
        keeper.take(Ok(held));
    }
    project.succeed(&["down"]);
    Api::of(&docker).clear();
    drop(docker);
    let lanes = vec![many, one, keeper];
    Some(vec![Race::new(format!("what watching {CONTAINERS} containers takes"), "% of a core", lanes)])
}

/// Of the engine and of the keeper.
fn measure(project: &TestProject) -> [f64; 2] {
    let pids = ["kinfra host", "kinfra-keeper"].map(|command| -> Vec<u32> {
        let processes = project.home.processes();
        processes
            .iter()
            .filter(|process| process.command.contains(command))
            .map(|process| process.pid)
            .collect()
    });
    assert!(pids.iter().all(|pids| !pids.is_empty()), "there is no engine to be measured");
    let begun = Instant::now();
    let before = pids.each_ref().map(|pids| processor_time(pids));
    thread::sleep(STEADY);
    let span = begun.elapsed().as_secs_f64() * 1_000.0;
    let after = pids.each_ref().map(|pids| processor_time(pids));
    [0, 1].map(|which| (after[which] - before[which]) / span * 100.0)
}
