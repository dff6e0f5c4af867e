//! Start: from the command to the moment when all are healthy, which of others can only be said to be when their ports
//! take connections.

use kinfra_tests::bench::race::{Race, order};

use crate::arguments::Arguments;
use crate::peers::Peer;
use crate::stage::Stage;
use crate::tools::tools;

pub fn races(arguments: &Arguments) -> Vec<Race> {
    arguments.services(&[10, 100, 500]).into_iter().map(|services| race(services, arguments.rounds)).collect()
}

fn race(services: u16, rounds: usize) -> Race {
    let tools = tools();
    let mut lanes: Vec<_> = tools.iter().map(|tool| tool.lane(Peer::start_note)).collect();
    for round in 0..rounds {
        for index in order(tools.len(), round) {
            let taken = tools[index].start(&mut Stage::new(services));
            let lane = &mut lanes[index];
            eprintln!("start of {services}, round {round}: {}: {taken:?}", lane.name);
            lane.take(taken.map(|taken| taken.as_secs_f64() * 1e3));
        }
    }
    Race::new(format!("start of {services}, until all are healthy"), "ms", lanes)
}
