//! What containers cost through KInfra: to start one, to start ten at once, to hear of one that was killed, and to
//! watch a hundred; beside what the engine itself takes when it is asked with no one in between.
//!
//! Theory of operation: each part has a Docker engine of its own, as a test has, with the image `kinfra-test`. The bare
//! calls make just the container that KInfra has made: its settings are read from there.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a benchmark prints what it measured, and how far it is
#![allow(clippy::unwrap_used)] // a panic is how it fails

mod api;
mod events;
mod killed;
mod one;
mod ours;
mod ten;
mod watched;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use kinfra_tests::bench::race::{Race, report};
use tokio::runtime::Runtime;

const NAME: &str = "the benchmark of resources";
const SOON: Duration = Duration::from_secs(60);

/// None where no Docker engine can run, which was said.
type Part = fn(&Runtime) -> Option<Vec<Race>>;

fn main() -> ExitCode {
    let runtime = Runtime::new().unwrap();
    let parts: [Part; 4] = [one::races, ten::races, killed::races, watched::races];
    let mut races = vec![];
    for part in parts {
        let Some(more) = part(&runtime) else { return ExitCode::FAILURE };
        races.extend(more);
    }
    println!("{}", report("resources", &races));
    ExitCode::SUCCESS
}

/// In milliseconds.
fn time<T>(act: impl FnOnce() -> T) -> f64 {
    let begun = Instant::now();
    act();
    begun.elapsed().as_secs_f64() * 1_000.0
}
