use std::time::Duration;

use kinfra_rpc::ErrorCode;
use tokio::time::{Instant, sleep, timeout};

use super::stage::{Silent, State, WITH_STATUS, World, Wrong, api};
use crate::resource_manager::{Adapter, Probed, Step};

#[tokio::test(start_paused = true)]
async fn many_who_ask_at_once_share_one_request() {
    let world = World::new(State::Active);
    let api = api(WITH_STATUS, &world);
    let probes = (0..50).map(|_| api.probe());
    for probed in futures_util::future::join_all(probes).await {
        assert_eq!(probed, Probed::Ready("active".to_owned()));
    }
    assert_eq!(world.lock().unwrap().sent.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_changes_is_asked_about_every_30_s_and_what_changes_every_2_s() {
    let world = World::new(State::Active);
    let api = api(WITH_STATUS, &world);
    let watch = async {
        let probing = async {
            loop {
                api.probe().await;
                sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! { _ = api.ended() => panic!("it runs"), () = probing => {} }
    };
    let _ = timeout(Duration::from_secs(301), watch).await;
    let steady = world.lock().unwrap().sent.len();
    assert!((10..=11).contains(&steady), "{steady}");

    let world = World::new(State::Restoring(Instant::now() + Duration::from_secs(3600)));
    let api = super::stage::api(&WITH_STATUS.replace("20/min", "1000/min"), &world);
    let _ = timeout(Duration::from_secs(60), api.ended()).await;
    let changing = world.lock().unwrap().sent.len();
    assert!((28..=30).contains(&changing), "{changing}");
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_asking_makes_nobody_ask_again() {
    let world = World::new(State::Active);
    world.lock().unwrap().faults.push_back(Some(Wrong::Lost { took_effect: false }));
    let api = api(WITH_STATUS, &world);
    for _ in 0..20 {
        assert!(timeout(Duration::from_secs(1), api.probe()).await.is_err());
    }
    assert_eq!(world.lock().unwrap().sent.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_away_is_one_calm_state() {
    let world = World::new(State::Active);
    world.lock().unwrap().faults = std::iter::repeat_n(Some(Wrong::NotSent), 1000).collect();
    let api = api(WITH_STATUS, &world);
    let watch = async {
        loop {
            match api.probe().await {
                Probed::Unknown(problem) => assert_eq!(problem.code, ErrorCode::ResourceUnreachable),
                other => panic!("{other:?}"),
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    let watch = async {
        tokio::select! { _ = api.ended() => panic!("nobody knows"), () = watch => {} }
    };
    let _ = timeout(Duration::from_secs(600), watch).await;
    let asked = world.lock().unwrap().sent.len();
    assert!((20..=25).contains(&asked), "{asked}");
    world.lock().unwrap().faults.clear();
    sleep(Duration::from_secs(30)).await;
    assert_eq!(api.probe().await, Probed::Ready("active".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_stops_or_fails_by_itself_has_ended() {
    for (state, code) in [(State::Paused, None), (State::Broken, Some(1))] {
        let world = World::new(State::Active);
        let api = api(WITH_STATUS, &world);
        let (exit, ()) = tokio::join!(api.ended(), async {
            sleep(Duration::from_secs(5)).await;
            world.lock().unwrap().state = state;
        });
        assert_eq!(exit.code, code);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_api_still_says_of_before_the_start_is_no_end() {
    let world = World::new(State::Paused);
    let api = api(WITH_STATUS, &world);
    api.start(&[Step::Start], &Silent).await.unwrap();
    let restoring = world.lock().unwrap().state;
    world.lock().unwrap().state = State::Paused;
    let later = async {
        sleep(Duration::from_secs(4)).await;
        world.lock().unwrap().state = restoring;
        sleep(Duration::from_secs(60)).await;
    };
    tokio::select! { exit = api.ended() => panic!("{exit:?}"), () = later => {} }

    world.lock().unwrap().state = State::Paused;
    assert!(timeout(Duration::from_secs(40), api.ended()).await.is_ok(), "this is one");
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_only_with_its_outputs() {
    let world = World::new(State::Active);
    let api = api(&WITH_STATUS.replace("/connection/host", "/connection/name"), &world);
    let Probed::NotReady(word) = api.probe().await else { panic!("it has no such output") };
    assert_eq!(word, "its answer has no `/connection/name` for the output `host` yet");
}

#[tokio::test(start_paused = true)]
async fn a_problem_with_its_status_is_a_clear_one() {
    let mut told = String::new();
    for wrong in [Wrong::NoJson, Wrong::Status(401, false), Wrong::Status(500, false), Wrong::After(429, 50)]
    {
        let world = World::new(State::Active);
        world.lock().unwrap().faults.push_back(Some(wrong));
        let Probed::Unknown(problem) = api(WITH_STATUS, &world).probe().await else { panic!("{wrong:?}") };
        told = format!("{told}{problem}\n");
    }
    assert!(!told.contains("swordfish"), "{told}");
    insta::assert_snapshot!(told, @r"
    cannot ask how db is by GET https://api.test/v1/db: the answer 200 is no JSON: expected value at line 1 column 1
      hint: see that `url` and `path` lead to the API itself
    cannot ask how db is by GET https://api.test/v1/db: the API doesn't accept the bearer token from ${secret:api}: token *** is not what it was
      hint: see that it is still valid, and set it anew with `kinfra secret set`
    cannot ask how db is by GET https://api.test/v1/db: the API answers 500: token *** is not what it was
      hint: it may pass by itself; the API's status page may say more
    cannot ask how db is by GET https://api.test/v1/db: the API answers 429
      hint: it may pass by itself; the API's status page may say more
    ");
}
