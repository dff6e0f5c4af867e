//! Idle: what engine and keeper cost while their services do nothing, beside an engine without any.

use std::thread::sleep;
use std::time::Duration;

use kinfra_rpc::ProjectState;
use kinfra_tests::bench::race::{Lane, Race};

use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::stage::Stage;
use kinfra_tests::bench::proc::{processor_time, pss};

/// Until nothing is left of the start.
const SETTLE: Duration = Duration::from_secs(30);
const WATCHED: Duration = Duration::from_secs(60);

pub fn races(arguments: &Arguments) -> Vec<Race> {
    arguments.services(&[500]).into_iter().flat_map(|services| measure(services, arguments.rounds)).collect()
}

/// Of engine and keeper together.
struct Cost {
    /// In percent of one core.
    processor: f64,
    /// In KiB.
    memory: f64,
}

fn measure(services: u16, rounds: usize) -> [Race; 3] {
    let [mut busy, mut idle, mut each, mut none] = [
        format!("engine + keeper, {services} idle services"),
        "engine alone, no project".to_owned(),
        format!("engine + keeper / {services}"),
        format!("the same, without what an engine alone has / {services}"),
    ]
    .map(|name| Lane::new(&name));
    for round in 0..rounds {
        let (alone, full) = (empty(), full(services));
        eprintln!(
            "idle, round {round}: {services}: {:.3} %, {:.0} KiB; alone: {:.3} %, {:.0} KiB",
            full.processor, full.memory, alone.processor, alone.memory
        );
        let count = f64::from(services);
        busy.rounds.push(Some(full.processor));
        idle.rounds.push(Some(alone.processor));
        each.rounds.push(Some(full.memory / count));
        none.rounds.push(Some((full.memory - alone.memory) / count));
    }
    [
        Race::new(
            format!("processor while idle, over {} s", WATCHED.as_secs()),
            "% of a core",
            vec![busy, idle],
        ),
        Race::new("memory (PSS) for each idle service".to_owned(), "KiB", vec![each]),
        Race::new("memory (PSS) that each idle service adds".to_owned(), "KiB", vec![none]),
    ]
}

fn empty() -> Cost {
    let mut stage = Stage::new(0);
    let engine = Engine::begin(&mut stage);
    cost(&engine, &stage)
}

fn full(services: u16) -> Cost {
    let mut stage = Stage::new(services);
    let folder = Engine::write_project(&stage);
    let mut engine = Engine::begin(&mut stage);
    engine.add(&folder);
    engine.start();
    engine.until(|project: &ProjectState| project.healthy() == usize::from(services));
    cost(&engine, &stage)
}

fn cost(engine: &Engine, stage: &Stage) -> Cost {
    let pids = engine.processes(stage);
    sleep(SETTLE);
    let before = processor_time(&pids);
    sleep(WATCHED);
    let spent = processor_time(&pids) - before;
    Cost { processor: spent / WATCHED.as_secs_f64() / 10.0, memory: pss(&pids) }
}
