//! Restart: from the kill of a service to the first thing that its successor does, which is to say when that was.
//! One kill after the other, each of another service, since repeated crashes of one are made to wait by most.

use std::thread::sleep;
use std::time::{Duration, Instant};

use kinfra_tests::bench::median;
use kinfra_tests::bench::race::{Race, order};
use rustix::process::{Pid, Signal, kill_process};

use crate::arguments::Arguments;
use crate::peers::Peer;
use crate::stage::Stage;
use crate::tells::{Tells, Told, milliseconds, now};
use crate::tools::{Tool, tools};

/// In a stack of one start.
const KILLS: usize = 10;
/// supervisord and mprocs take what ends in its first second for a failed start.
const SETTLE: Duration = Duration::from_secs(2);
/// The longest wait that anybody has by default is pitchfork's, of 10 s.
const PATIENCE: Duration = Duration::from_secs(15);
/// After a restart that took so long no further one is tried in the same stack.
const SLOW: f64 = 500.0;
/// So many that don't come back are enough to say so.
const MOST_MISSED: usize = 2;

pub fn races(arguments: &Arguments) -> Vec<Race> {
    arguments.services(&[10, 100]).into_iter().map(|services| race(services, arguments.rounds)).collect()
}

fn race(services: u16, rounds: usize) -> Race {
    let tools: Vec<_> = tools().into_iter().filter(|tool| !is_a_repetition(tool)).collect();
    let mut lanes: Vec<_> = tools.iter().map(|tool| tool.lane(Peer::restart_note)).collect();
    let mut missed = vec![(0, 0); tools.len()];
    for round in 0..rounds {
        for index in order(tools.len(), round).filter(|index| tools[*index].restarts()) {
            let restarts = measure(&tools[index], services);
            eprintln!("restart among {services}, round {round}: {}: {restarts:?}", lanes[index].name);
            let taken = restarts.map(|restarts| {
                missed[index].0 += restarts.missed;
                missed[index].1 += restarts.taken.len();
                restarts.taken
            });
            let none = "none that was killed came back";
            let taken =
                taken.and_then(|taken| if taken.is_empty() { Err(none.into()) } else { Ok(median(taken)) });
            lanes[index].take(taken);
        }
    }
    for (lane, (missed, taken)) in lanes.iter_mut().zip(missed).filter(|(_, (missed, _))| *missed > 0) {
        lane.note = format!("{} {missed} of {} killed never came back", lane.note, missed + taken);
    }
    Race::new(format!("kill of one of {services}, to its successor"), "ms", lanes)
}

/// Once it runs, it is the same engine.
const fn is_a_repetition(tool: &Tool) -> bool {
    matches!(tool, Tool::Ours { engine_runs: true })
}

/// The kills in one stack.
#[derive(Debug, Default)]
struct Restarts {
    /// In milliseconds.
    taken: Vec<f64>,
    /// How many had no successor.
    missed: usize,
}

fn measure(tool: &Tool, services: u16) -> Result<Restarts, String> {
    let tells = Tells::listen();
    let mut stage = Stage::new(services).telling(&tells.socket());
    tool.start(&mut stage)?;
    let started: Option<Vec<Told>> = (0..services).map(|_| tells.next(PATIENCE, |_| true)).collect();
    let started =
        started.ok_or_else(|| stage.with_complaint("not all services said that they began".to_owned()))?;
    sleep(SETTLE);
    let mut restarts = Restarts::default();
    // Spread over the whole stack.
    let step = started.len().div_ceil(KILLS);
    for victim in started.iter().step_by(step) {
        let pid = Pid::from_raw(victim.pid.cast_signed()).ok_or("a pid of 0")?;
        let killed = now();
        kill_process(pid, Signal::KILL).map_err(|error| format!("{pid:?} can't be killed: {error}"))?;
        let is_next = |told: &Told| told.port == victim.port && told.pid != victim.pid;
        match tells.next(PATIENCE, is_next) {
            Some(next) => {
                restarts.taken.push(milliseconds(killed, next.at));
                Stage::wait_for_ports(&[victim.port], Instant::now() + PATIENCE)?;
            }
            None => restarts.missed += 1,
        }
        if restarts.missed >= MOST_MISSED || restarts.taken.last().is_some_and(|last| *last > SLOW) {
            break;
        }
    }
    Ok(restarts)
}
