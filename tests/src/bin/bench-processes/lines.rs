//! Lines: how long a service takes that prints two million of them, until all of it is kept, beside the same program
//! with a file as its output; and what memory that takes.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kinfra_rpc::{Phase, ProjectState};
use kinfra_tests::bench::race::{Lane, Race};
use kinfra_tests::bin;

use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::kept::Kept;
use crate::stage::Stage;
use crate::tells::{Tells, milliseconds, now};
use kinfra_tests::bench::proc::{processor_time, pss};

const LINES: u64 = 2_000_000;
const SERVICE: &str = "printer";
const PATIENCE: Duration = Duration::from_secs(30);
/// Short against the whole, long against what one look costs.
const LOOK: Duration = Duration::from_millis(5);

/// What one run cost.
struct Cost {
    wall: f64,
    /// Of engine and keeper, in milliseconds.
    processor: f64,
    /// The most that engine and keeper had more than before, in MiB.
    growth: f64,
    kept: Kept,
}

pub fn races(arguments: &Arguments) -> Vec<Race> {
    let [mut ours, mut floor, mut processor, mut memory, mut missing, mut left] = [
        "KInfra: to the end, all of it drained",
        "floor: the same program > file",
        "engine + keeper",
        "engine + keeper, most - before",
        "never written, or not in order",
        "written, then deleted for the log's bound of 64 MiB",
    ]
    .map(Lane::new);
    for round in 0..arguments.rounds {
        let (cost, file) = if round.is_multiple_of(2) {
            let cost = supervised();
            (cost, to_file())
        } else {
            let file = to_file();
            (supervised(), file)
        };
        eprintln!(
            "lines, round {round}: {:.0} ms, to a file {file:.0} ms, processor {:.0} ms, {:.1} MiB more, {:?}",
            cost.wall, cost.processor, cost.growth, cost.kept
        );
        ours.rounds.push(Some(cost.wall));
        floor.rounds.push(Some(file));
        processor.rounds.push(Some(cost.processor));
        memory.rounds.push(Some(cost.growth));
        missing.rounds.push(Some((LINES - cost.kept.in_order) as f64));
        left.rounds.push(Some((cost.kept.in_order - cost.kept.at_the_end) as f64));
    }
    let what = format!("{LINES} lines of 100 bytes");
    vec![
        Race::new(what.clone(), "ms", vec![ours, floor]),
        Race::new(format!("{what}: processor time"), "ms", vec![processor]),
        Race::new(format!("{what}: growth of PSS"), "MiB", vec![memory]),
        Race::new(format!("{what}: lost"), "lines", vec![missing]),
        Race::new(format!("{what}: let go"), "lines", vec![left]),
    ]
}

fn supervised() -> Cost {
    let tells = Tells::listen();
    let mut stage = Stage::new(0);
    let words = [
        &bin("bare").display().to_string(),
        "print",
        &LINES.to_string(),
        &tells.socket().display().to_string(),
    ];
    let text = format!("project: bench\nservices:\n  {SERVICE}:\n    run: {words:?}\n    port: none\n");
    let folder = stage.home().project("bench", &text);
    let mut engine = Engine::begin(&mut stage);
    engine.add(&folder);
    let pids = engine.processes(&stage);
    let logs = Engine::log_folder(&stage, SERVICE);

    let (memory_before, processor_before) = (pss(&pids), processor_time(&pids));
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let most = scope.spawn(|| most_memory(&pids, &ended));
        let kept = scope.spawn(|| Kept::watch(&logs, &ended));
        engine.start();
        engine.until(|project: &ProjectState| project.nodes.iter().all(|node| node.phase == Phase::Exited));
        let end = now();
        let processor = processor_time(&pids) - processor_before;
        ended.store(true, Ordering::Relaxed);
        let began = tells.next(PATIENCE, |_| true).unwrap_or_else(|| panic!("the service never began"));
        let joined = (most.join(), kept.join());
        let (Ok(most), Ok(kept)) = joined else { panic!("a thread that watched has panicked") };
        Cost { wall: milliseconds(began.at, end), processor, growth: (most - memory_before) / 1024.0, kept }
    })
}

fn most_memory(pids: &[u32], ended: &AtomicBool) -> f64 {
    let mut most = pss(pids);
    while !ended.load(Ordering::Relaxed) {
        thread::sleep(LOOK);
        most = most.max(pss(pids));
    }
    most
}

fn to_file() -> f64 {
    let tells = Tells::listen();
    let stage = Stage::new(0);
    let file = |path: &Path| {
        File::create(path).unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()))
    };
    let mut command = stage.command(&bin("bare"));
    command.args(["print", &LINES.to_string()]).arg(tells.socket());
    let ended = command.stdout(Stdio::from(file(&stage.folder().join("out")))).status();
    let end = now();
    assert!(ended.is_ok_and(|status| status.success()), "bare print fails");
    let began = tells.next(PATIENCE, |_| true).unwrap_or_else(|| panic!("the program never began"));
    milliseconds(began.at, end)
}
