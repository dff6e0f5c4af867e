use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::super::adapter::Api;
use super::stage::{Kind, Silent, State, WITH_STATUS, World, Wrong, api};
use crate::resource_manager::{Adapter, Stop};

/// As WITH_STATUS has them.
const RATE: (usize, Duration) = (20, Duration::from_secs(60));
const RETRIES: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Deed {
    Start,
    Stop,
    Probes(u8),
    Observe,
    GiveUp(u64),
    Crash,
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Start),
        2 => Just(Deed::Stop),
        3 => (1_u8..9).prop_map(Deed::Probes),
        2 => Just(Deed::Observe),
        2 => (1_u64..40_000).prop_map(Deed::GiveUp),
        1 => Just(Deed::Crash),
    ]
}

fn faults() -> impl Strategy<Value = Option<Wrong>> {
    let status = prop_oneof![
        Just(400_u16),
        Just(401),
        Just(404),
        Just(409),
        Just(429),
        Just(500),
        Just(502),
        Just(503)
    ];
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Wrong::NotSent)),
        2 => any::<bool>().prop_map(|took_effect| Some(Wrong::Lost { took_effect })),
        2 => (status, any::<bool>()).prop_map(|(status, effect)| Some(Wrong::Status(status, effect && status >= 500))),
        1 => (prop_oneof![Just(429_u16), Just(503)], 0_u64..90).prop_map(|(status, seconds)| Some(Wrong::After(status, seconds))),
        1 => Just(Some(Wrong::NoJson)),
    ]
}

async fn wish(api: &Api, world: &Mutex<World>) {
    let Ok(observed) = api.observe().await else { return };
    let Ok(plan) = api.plan(&observed) else { return };
    let before = {
        let mut world = world.lock().unwrap();
        world.start_allowed = true;
        world.count(Kind::Start)
    };
    let _ = api.start(&plan, &Silent).await;
    let mut world = world.lock().unwrap();
    let starts = world.count(Kind::Start) - before;
    if starts > RETRIES + 1 {
        world.broken_rule = Some(format!("{starts} starts for one wish"));
    }
}

async fn play(api: Arc<Api>, world: Arc<Mutex<World>>, deeds: Vec<(u64, Deed)>) {
    let mut going = JoinSet::new();
    let watched = Arc::clone(&api);
    going.spawn(async move {
        loop {
            let _ = timeout(Duration::from_secs(300), watched.ended()).await;
            sleep(Duration::from_millis(100)).await;
        }
    });
    for (millis, deed) in deeds {
        sleep(Duration::from_millis(millis)).await;
        match deed {
            Deed::Start => wish(&api, &world).await,
            Deed::Stop => drop(api.stop(Stop::InOrder).await),
            Deed::Probes(count) => {
                for _ in 0..count {
                    let api = Arc::clone(&api);
                    going.spawn(async move { drop(api.probe().await) });
                }
            }
            Deed::Observe => drop(api.observe().await),
            Deed::GiveUp(millis) => drop(timeout(Duration::from_millis(millis), wish(&api, &world)).await),
            Deed::Crash => world.lock().unwrap().state = State::Broken,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the API answers, and whoever asks, starts, stops, gives up or watches at the same time.
    #[test]
    fn no_sequence_of_faults_makes_more_requests_than_are_allowed_or_a_start_too_many(
        deeds in prop::collection::vec((0_u64..5_000, deeds()), 1..12),
        faults in prop::collection::vec(faults(), 0..80),
        is_up in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let world = runtime.block_on(async {
            let world = World::new(if is_up { State::Active } else { State::Paused });
            world.lock().unwrap().faults = faults.into();
            let api = Arc::new(api(WITH_STATUS, &world));
            let _ = timeout(Duration::from_secs(3600), play(api, Arc::clone(&world), deeds)).await;
            world
        });
        let world = world.lock().unwrap();
        prop_assert_eq!(&world.broken_rule, &None);
        prop_assert!(world.most_asking <= 1, "{} at once", world.most_asking);
        let times: Vec<Instant> = world.sent.iter().map(|(at, _)| *at).collect();
        for window in times.windows(RATE.0 + 1) {
            prop_assert!(window[RATE.0] - window[0] >= RATE.1, "{:?}", world.sent);
        }
    }
}
