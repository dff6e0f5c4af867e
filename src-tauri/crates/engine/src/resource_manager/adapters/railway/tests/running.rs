use std::time::Duration;

use kinfra_rpc::ErrorCode;
use tokio::time::sleep;

use super::super::ABOUT;
use super::stage::{Cloud, FREE, OF_PROJECT, USUAL, railway};
use crate::resource_manager::Probed;
use crate::resource_manager::adapters::weather::{Weather, is_within, start};

#[tokio::test(start_paused = true)]
async fn a_start_uses_what_is_there_whosever_token_it_is() {
    for text in [USUAL, OF_PROJECT] {
        let weather = Weather::fine(Cloud::of(&["FAILED", "SUCCESS"]));
        let railway = railway(text, &weather);
        start(&*railway).await.unwrap();
        assert_eq!(railway.probe().await, Probed::Ready("SUCCESS".to_owned()));
        let outputs = railway.outputs();
        let told = ["url", "host", "deployment_id", "state", "service_id", "environment_id", "project_id"];
        assert_eq!(
            told.map(|name| &*outputs[name]),
            ["https://web.up.railway.app", "web.up.railway.app", "d1", "SUCCESS", "s1", "e1", "p1"]
        );
        assert_eq!(weather.sent.lock().unwrap().len(), 2, "the names, and how it is");
        assert_eq!(weather.effects(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_sleeps_is_well_and_is_not_woken() {
    let weather = Weather::fine(Cloud::of(&["SLEEPING"]));
    let railway = railway(USUAL, &weather);
    start(&*railway).await.unwrap();
    assert_eq!(railway.probe().await, Probed::Ready("SLEEPING, wakes when it is used".to_owned()));
    assert_eq!(weather.effects(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_start_has_what_was_stopped_run_again() {
    let weather = Weather::fine(Cloud::of(&["STOPPED"]));
    let railway = railway(USUAL, &weather);
    start(&*railway).await.unwrap();
    assert_eq!(weather.effects(), ["restart d0"]);
    weather.world.lock().unwrap().made[0].is_stopped = true;
    sleep(Duration::from_secs(31)).await;
    let Probed::Unknown(problem) = railway.probe().await else { panic!("it is stopped") };
    assert_eq!((problem.code, &*problem.message), (ErrorCode::ResourcePaused, "is paused: stopped"));
    assert!(!problem.hint.unwrap().contains("Resume"), "there is no such action");
}

#[tokio::test(start_paused = true)]
async fn a_start_of_what_crashed_or_is_not_there_says_so() {
    for (states, why) in [(&["CRASHED"] as &[_], "is CRASHED"), (&[], "is without a deployment")] {
        let weather = Weather::fine(Cloud::of(states));
        let problem = start(&*railway(USUAL, &weather)).await.unwrap_err();
        assert!(problem.message.contains(why), "{problem:?}");
        assert_eq!(weather.effects(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_crashes_ends_its_run() {
    let weather = Weather::fine(Cloud::of(&["SUCCESS"]));
    let railway = railway(USUAL, &weather);
    start(&*railway).await.unwrap();
    weather.world.lock().unwrap().made[0].status = Some("CRASHED");
    assert_eq!(railway.ended().await.code, Some(1));
    assert_eq!(railway.why_ended().unwrap(), "the service web at Railway is CRASHED");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_none_of_the_states() {
    let weather = Weather::fine(Cloud::of(&["SUCCESS"]));
    weather.world.lock().unwrap().refusal = Some("Not Authorized");
    let problem = start(&*railway(USUAL, &weather)).await.unwrap_err();
    assert!(
        problem.message.contains("allows no such thing to the token from ${secret:a}: Not Authorized"),
        "{problem:?}"
    );
    assert!(problem.hint.unwrap().contains("a token of the account, the workspace or the project"));
}

#[tokio::test(start_paused = true)]
async fn a_day_of_looks_and_a_long_build_stay_within_the_free_plan() {
    let weather = Weather::fine(Cloud::of(&["SUCCESS", ""]));
    weather.world.lock().unwrap().slow = Duration::from_secs(15 * 60);
    let railway = railway(FREE, &weather);
    start(&*railway).await.unwrap();
    for _ in 0..24 * 360 {
        sleep(Duration::from_secs(10)).await;
        assert!(matches!(railway.probe().await, Probed::Ready(_)));
    }
    let sent = weather.sent.lock().unwrap().len();
    assert!((700..1000).contains(&sent), "{sent}");
    is_within(&weather, |_| true, ABOUT.rate).unwrap();
}
