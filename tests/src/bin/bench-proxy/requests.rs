//! Requests: how many of them, what they cost, and how long they take.

use kinfra_tests::bench::proc::processor_time;
use kinfra_tests::bench::race::Race;

use crate::arguments::Arguments;
use crate::lanes::{Measured, alternate};
use crate::tools::Tool;
use crate::world::World;
use crate::wrk::{Load, load};

const FIGURES: [(&str, &str); 5] = [
    ("requests", "1/s"),
    ("processor for 10,000 requests", "s"),
    ("half of the answers within", "ms"),
    ("99 % of the answers within", "ms"),
    ("processor of KInfra's keeper for 10,000 requests", "s"),
];
/// Before each measurement, unmeasured: connections to the upstream, and memory that is then there.
const WARM_UP: u32 = 1;

pub fn races(arguments: &Arguments) -> Vec<Race> {
    let world = World::new(&arguments.tools);
    warm_up(&world, arguments);
    let shapes = ["1k", "64k"]
        .into_iter()
        .flat_map(|file| arguments.connections.iter().map(move |count| (file, *count)));
    shapes
        .flat_map(|(file, connections)| {
            let kind = Load { connections, seconds: arguments.seconds, closing: false };
            let what = format!("{file} of {connections} connections");
            alternate(&what, &FIGURES, arguments, |tool| measure(&world, tool, file, kind))
        })
        .collect()
}

pub fn closing(arguments: &Arguments) -> Vec<Race> {
    let world = World::new(&arguments.tools);
    warm_up(&world, arguments);
    let kind = Load { connections: 64, seconds: arguments.seconds, closing: true };
    let what = format!("1k with Connection: close, {} at once", kind.connections);
    alternate(&what, &FIGURES, arguments, |tool| measure(&world, tool, "1k", kind))
}

fn warm_up(world: &World, arguments: &Arguments) {
    for tool in &arguments.tools {
        // Who fails here fails again where it is told.
        drop(load(world, *tool, "1k", Load { connections: 64, seconds: WARM_UP, closing: false }));
    }
}

fn measure(world: &World, tool: Tool, file: &str, kind: Load) -> Result<Measured, String> {
    world.see_that_it_runs(tool)?;
    let keeper = if tool == Tool::Ours { world.keeper() } else { vec![] };
    let (keeper_before, before) = (processor_time(&keeper), world.processor(tool));
    let loaded = load(world, tool, file, kind)?;
    let (keeper_after, after) = (processor_time(&keeper), world.processor(tool));
    let for_10_000 = |seconds: f64| seconds / loaded.requests * 1e4;
    let spent = before.zip(after).map(|(before, after)| for_10_000(after - before));
    let kept = (!keeper.is_empty()).then(|| for_10_000((keeper_after - keeper_before) / 1e3));
    let values = vec![Some(loaded.per_second), spent, Some(loaded.half), Some(loaded.most), kept];
    let wrong =
        (loaded.errors > 0.0).then(|| format!("{} of {} requests failed", loaded.errors, loaded.requests));
    Ok(Measured { values, wrong })
}
