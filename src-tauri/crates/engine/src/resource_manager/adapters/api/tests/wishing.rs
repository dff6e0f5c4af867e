use std::sync::{Arc, Mutex};
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use tokio::time::Instant;

use super::super::adapter::Api;
use super::stage::{Kind, Silent, State, WITH_STATUS, WITHOUT_STATUS, World, Wrong, api};
use crate::resource_manager::{Adapter, Observed, Probed, Settled, Step, Stop};

const START: &[Step] = &[Step::Start];

async fn started(text: &str, faults: &[Wrong]) -> (Api, Arc<Mutex<World>>, Result<(), Problem>) {
    let world = World::new(State::Paused);
    world.lock().unwrap().faults = faults.iter().copied().map(Some).collect();
    let api = api(text, &world);
    let result = api.start(START, &Silent).await.map(|_| ());
    (api, world, result)
}

async fn until_ready(api: &Api) -> Vec<String> {
    let mut words = vec![];
    loop {
        match api.probe().await {
            Probed::Ready(word) => {
                words.push(word);
                return words;
            }
            Probed::NotReady(word) => {
                if words.last() != Some(&word) {
                    words.push(word);
                }
            }
            other => panic!("{other:?} after {words:?}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_is_one_request_and_then_its_state_is_told_until_it_runs() {
    let world = World::new(State::Paused);
    let api = api(WITH_STATUS, &world);
    let observed = api.observe().await.unwrap();
    assert_eq!(observed.settled, Settled::Down(None));
    let plan = api.plan(&observed).unwrap();
    api.start(&plan, &Silent).await.unwrap();
    assert_eq!(until_ready(&api).await, ["restoring", "active"]);
    assert_eq!(world.lock().unwrap().count(Kind::Start), 1);
    assert_eq!(api.outputs().into_iter().collect::<Vec<_>>(), [("host".to_owned(), "db.test".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn what_runs_already_is_not_started() {
    let world = World::new(State::Active);
    let api = api(WITH_STATUS, &world);
    let plan = api.plan(&api.observe().await.unwrap()).unwrap();
    assert_eq!(plan, []);
    api.start(&plan, &Silent).await.unwrap();
    assert!(matches!(api.probe().await, Probed::Ready(_)));
    assert_eq!(world.lock().unwrap().count(Kind::Start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_took_effect_and_said_nothing_is_not_sent_again() {
    for wrong in [Wrong::Lost { took_effect: true }, Wrong::Status(500, true), Wrong::Status(502, true)] {
        let (api, world, result) = started(WITH_STATUS, &[Wrong::Status(503, false), wrong]).await;
        // The first look of a start was answered with the first fault, the start itself with the second.
        assert_eq!(result, Ok(()), "{wrong:?}");
        until_ready(&api).await;
        assert_eq!(world.lock().unwrap().count(Kind::Start), 1, "{wrong:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_had_no_effect_is_sent_again_when_its_status_has_said_so_for_a_while() {
    let begun = Instant::now();
    let (api, world, result) =
        started(WITH_STATUS, &[Wrong::Status(503, false), Wrong::Status(500, false)]).await;
    assert_eq!(result, Ok(()));
    assert!(begun.elapsed() > Duration::from_secs(10), "{:?}", begun.elapsed());
    until_ready(&api).await;
    assert_eq!(world.lock().unwrap().count(Kind::Start), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_taken_is_sent_again_no_sooner_than_asked() {
    for (wrong, least) in [
        (Wrong::NotSent, 0),
        (Wrong::After(429, 20), 20),
        (Wrong::After(503, 7), 7),
        (Wrong::Status(429, false), 10),
    ] {
        let begun = Instant::now();
        let (_, world, result) = started(WITHOUT_STATUS, &[wrong]).await;
        assert_eq!(result, Ok(()), "{wrong:?}");
        assert_eq!(world.lock().unwrap().count(Kind::Start), 2, "{wrong:?}");
        assert!(begun.elapsed() >= Duration::from_secs(least), "{wrong:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_pause_of_hours() {
    let begun = Instant::now();
    let (_, world, result) = started(WITHOUT_STATUS, &[Wrong::After(429, 7200)]).await;
    assert_eq!(result.unwrap_err().code, ErrorCode::ResourceUnreachable);
    assert_eq!((world.lock().unwrap().count(Kind::Start), begun.elapsed().as_secs()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_way_to_look_an_unknown_outcome_is_told_and_left_alone() {
    let (_, world, result) = started(WITHOUT_STATUS, &[Wrong::Lost { took_effect: true }]).await;
    let problem = result.unwrap_err();
    assert_eq!(world.lock().unwrap().count(Kind::Start), 1);
    insta::assert_snapshot!(problem, @r"
    cannot start db by POST https://api.test/v1/db/start: the API didn't answer in time; nobody knows whether it took effect
      hint: declare `status`, so that KInfra can look, or `again: true` where sending it twice does no harm
    ");
}

#[tokio::test(start_paused = true)]
async fn what_may_be_sent_twice_is() {
    let again = WITHOUT_STATUS.replace("/db/start", "/db/start, again: true");
    let (_, world, result) =
        started(&again, &[Wrong::Lost { took_effect: false }, Wrong::Status(500, true)]).await;
    // It was taken the second time, which the third time is told of as a conflict.
    insta::assert_snapshot!(result.unwrap_err(), @r"
    cannot start db by POST https://api.test/v1/db/start: the API answers 409
      hint: declare `status`, so that KInfra can see whether it is in that state already
    ");
    assert_eq!(world.lock().unwrap().count(Kind::Start), 3);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_fine_when_its_status_says_so() {
    let world = World::new(State::Restoring(Instant::now() + Duration::from_secs(60)));
    let api = api(WITH_STATUS, &world);
    world.lock().unwrap().faults.push_back(Some(Wrong::Status(500, false)));
    // The look before it failed, so it is asked for.
    api.start(START, &Silent).await.unwrap();
    assert_eq!(world.lock().unwrap().count(Kind::Start), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_say_what_is_refused_and_are_not_repeated() {
    let mut told = String::new();
    for status in [400, 401, 403, 404, 422] {
        let (_, world, result) =
            started(WITH_STATUS, &[Wrong::Status(500, false), Wrong::Status(status, false)]).await;
        assert_eq!(world.lock().unwrap().count(Kind::Start), 1, "{status}");
        told = format!("{told}{}\n", result.unwrap_err());
    }
    assert!(!told.contains("swordfish"), "{told}");
    insta::assert_snapshot!(told, @r"
    cannot start db by POST https://api.test/v1/db/start: the API answers 400: token *** is not what it was
      hint: compare the request with the API's documentation
    cannot start db by POST https://api.test/v1/db/start: the API doesn't accept the bearer token from ${secret:api}: token *** is not what it was
      hint: see that it is still valid, and set it anew with `kinfra secret set`
    cannot start db by POST https://api.test/v1/db/start: the API allows no such thing to the bearer token from ${secret:api}: token *** is not what it was
      hint: give it that permission where it was made, or set another one with `kinfra secret set`
    cannot start db by POST https://api.test/v1/db/start: the API answers 404: token *** is not what it was
      hint: see that `url` and `path` name what is there
    cannot start db by POST https://api.test/v1/db/start: the API answers 422: token *** is not what it was
      hint: compare the request with the API's documentation
    ");
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_until_the_way_down_is_over() {
    let world = World::new(State::Pausing(Instant::now() + Duration::from_secs(9)));
    let api = api(WITH_STATUS, &world);
    let plan = api.plan(&api.observe().await.unwrap()).unwrap();
    assert_eq!(plan, START);
    api.start(&plan, &Silent).await.unwrap();
    assert_eq!(until_ready(&api).await, ["restoring", "active"]);
    assert_eq!(world.lock().unwrap().count(Kind::Start), 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_over_when_the_status_says_so() {
    let world = World::new(State::Active);
    let api = api(WITH_STATUS, &world);
    let begun = Instant::now();
    api.start(&[], &Silent).await.unwrap();
    let (exit, ()) = tokio::join!(api.ended(), async {
        tokio::time::sleep(Duration::from_secs(40)).await;
        api.stop(Stop::InOrder).await.unwrap();
        assert!(!matches!(world.lock().unwrap().state, State::Paused), "it is slow");
    });
    assert_eq!(exit.code, Some(0));
    let after = begun.elapsed() - Duration::from_secs(40);
    assert!(after >= Duration::from_secs(5) && after < Duration::from_secs(9), "{after:?}");
    assert_eq!(world.lock().unwrap().count(Kind::End), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kill_waits_for_nobody() {
    let world = World::new(State::Active);
    world.lock().unwrap().faults =
        std::iter::repeat_n(Some(Wrong::Lost { took_effect: false }), 20).collect();
    let api = api(WITH_STATUS, &world);
    let begun = Instant::now();
    let (exit, result) = tokio::join!(api.ended(), api.stop(Stop::Kill));
    assert_eq!((exit.code, result.unwrap_err().code), (None, ErrorCode::ResourceUnreachable));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn without_a_request_that_ends_it_it_is_left_as_it_is() {
    let world = World::new(State::Active);
    let api = api(&WITH_STATUS.replace("end: { path: /db/pause }", ""), &world);
    assert!(!api.capabilities().stops);
    let (exit, result) = tokio::join!(api.ended(), api.stop(Stop::InOrder));
    assert_eq!((exit.code, result), (Some(0), Ok(())));
    assert_eq!(world.lock().unwrap().count(Kind::End), 0);
}

#[tokio::test(start_paused = true)]
async fn what_nothing_starts_is_used_as_it_is_or_said_to_be_down() {
    let world = World::new(State::Active);
    let api = api(&WITH_STATUS.replace("start: { path: /db/start }", ""), &world);
    assert_eq!(api.plan(&api.observe().await.unwrap()).unwrap(), []);
    let down = Observed { settled: Settled::Down(None), ..Observed::default() };
    insta::assert_snapshot!(api.plan(&down).unwrap_err(), @r"
    db doesn't run, and no request is declared that starts it
      hint: start it by hand, or declare `start:` with its `method` and `path`
    ");
}
