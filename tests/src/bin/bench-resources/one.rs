use kinfra_tests::TestHome;
use kinfra_tests::bench::race::{Lane, Race, order};
use kinfra_tests::docker::Docker;
use tokio::runtime::Runtime;

use super::api::Api;
use super::ours::{NETWORK, Ours, up};
use super::{NAME, time};

const ROUNDS: usize = 20;
const BARE: &str = "bare";

/// One container in a network that is there, until the engine says that it was started.
pub fn races(runtime: &Runtime) -> Option<Vec<Race>> {
    let home = TestHome::new();
    let docker = Docker::start(NAME, &home)?;
    let api = Api::of(&docker);
    let ours = Ours::new(&docker, &home);
    // It keeps the network, and the connection open.
    runtime.block_on(up(ours.adapter("first")));
    let recipe = api.recipe(&Ours::container("first"), NETWORK);
    let mut lanes = vec![
        Lane::new("KInfra's adapter")
            .noted("asked: at most 1.05 x floor. It looks first, and looks at what runs then"),
        Lane::new("bare calls: create, start"),
    ];
    let once = |lane: usize| match lane {
        0 => {
            let taken = time(|| runtime.block_on(up(ours.adapter("it"))));
            api.remove(&Ours::container("it"));
            taken
        }
        _ => {
            let taken = time(|| api.create_and_start(BARE, &recipe));
            api.remove(BARE);
            taken
        }
    };
    // What the engine does for the first time takes longer.
    for lane in 0..lanes.len() {
        once(lane);
    }
    for round in 0..ROUNDS {
        for lane in order(lanes.len(), round) {
            lanes[lane].take(Ok(once(lane)));
        }
    }
    Some(vec![Race::new("create and start one container".to_owned(), "ms", lanes)])
}
