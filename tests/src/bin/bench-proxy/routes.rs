//! Routes that change under load: a service beside the loaded one is started and stopped, which has its host lead to
//! it and to a page in turns, and another project comes and goes, which has hosts come and go. No request may fail.

use std::thread;
use std::time::Instant;

use kinfra_tests::bench::race::Race;

use crate::arguments::Arguments;
use crate::lanes::{Measured, alternate};
use crate::tools::Tool;
use crate::world::World;
use crate::wrk::{Load, load};

const CHANGES: u32 = 200;
const CONNECTIONS: u32 = 64;
/// Twice the time that the changes take, as a first guess; a load that ended before them is no measurement.
const SECONDS: u32 = 20;

pub fn races(arguments: &Arguments) -> Vec<Race> {
    // Others change routes by reading their configuration anew, which is another thing.
    let ours = Arguments { tools: vec![Tool::Ours], parts: vec![], connections: vec![], ..*arguments };
    let figures = [
        ("requests that failed", ""),
        ("requests", "1/s"),
        ("99 % of the answers within", "ms"),
        ("a change", "ms"),
    ];
    alternate(&format!("{CHANGES} changes of routes under load"), &figures, &ours, |_| measure())
}

fn measure() -> Result<Measured, String> {
    let world = World::new(&[Tool::Ours]);
    let other = world.home().project(
        "other",
        "project: other\nservices:\n  one:\n    run: [sleep, '1']\n  two:\n    run: [sleep, '1']\n",
    );
    let kind = Load { connections: CONNECTIONS, seconds: SECONDS, closing: false };
    thread::scope(|scope| {
        let loaded = scope.spawn(|| load(&world, Tool::Ours, "1k", kind));
        let begin = Instant::now();
        for _ in 0..CHANGES / 4 {
            world.engine().stop("side");
            world.engine().add(&other);
            world.engine().start(&["side"]);
            world.engine().remove("other");
        }
        let taken = begin.elapsed();
        if loaded.is_finished() {
            return Err(format!("the changes took {taken:?}, longer than the load"));
        }
        let loaded = loaded.join().map_err(|_| "the load panicked".to_owned())??;
        let change = taken.as_secs_f64() * 1e3 / f64::from(CHANGES);
        let values = [loaded.errors, loaded.per_second, loaded.most, change];
        Ok(Measured { values: values.map(Some).to_vec(), wrong: None })
    })
}
