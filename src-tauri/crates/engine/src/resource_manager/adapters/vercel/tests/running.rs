use std::time::Duration;

use tokio::time::sleep;

use super::stage::{Cloud, ON_START, USUAL, vercel};
use crate::resource_manager::Probed;
use crate::resource_manager::adapters::weather::{Weather, Wrong, start};

#[tokio::test(start_paused = true)]
async fn a_start_uses_what_is_there_and_changes_nothing() {
    let weather = Weather::fine(Cloud::of(&["ERROR", "READY"]));
    let vercel = vercel(USUAL, &weather);
    start(&*vercel).await.unwrap();
    assert_eq!(vercel.probe().await, Probed::Ready("READY".to_owned()));
    let outputs = vercel.outputs();
    assert_eq!(outputs["url"], "https://shop.test");
    assert_eq!(outputs["deployment_url"], "https://dpl_1.vercel.app");
    assert_eq!((&*outputs["deployment_id"], &*outputs["state"]), ("dpl_1", "READY"));
    assert_eq!(weather.effects(), Vec::<String>::new());
    assert!(!vercel.capabilities().stops && !vercel.capabilities().pauses);
}

#[tokio::test(start_paused = true)]
async fn a_start_with_nothing_there_says_so() {
    let weather = Weather::fine(Cloud::of(&[]));
    let problem = start(&*vercel(USUAL, &weather)).await.unwrap_err();
    assert!(problem.message.contains("the project shop is without a deployment"), "{problem:?}");
    assert!(problem.hint.unwrap().contains("deploy: on_start"));
    assert_eq!(weather.effects(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_for_what_is_being_built() {
    let weather = Weather::fine(Cloud::of(&["READY", ""]));
    start(&*vercel(USUAL, &weather)).await.unwrap();
    assert_eq!(weather.world.lock().unwrap().served.as_deref(), Some("dpl_1"));
}

#[tokio::test(start_paused = true)]
async fn each_start_deploys_once_where_that_is_declared() {
    let weather = Weather::fine(Cloud::of(&["READY"]));
    let vercel = vercel(ON_START, &weather);
    for times in 1..=2 {
        start(&*vercel).await.unwrap();
        assert_eq!(weather.effects(), vec!["deploy main to production"; times]);
        assert_eq!(vercel.outputs()["deployment_id"], format!("dpl_{times}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_whose_answer_got_lost_is_found_by_its_mark() {
    for wrong in [Wrong::Lost { took_effect: true }, Wrong::Status(502, true)] {
        let weather = Weather::fine(Cloud::of(&["READY"]));
        // A look of two requests, and one at the project, come before it.
        *weather.faults.lock().unwrap() = [None, None, None, Some(wrong)].into();
        let vercel = vercel(ON_START, &weather);
        start(&*vercel).await.unwrap();
        assert_eq!(weather.effects(), ["deploy main to production"], "{wrong:?}");
        assert_eq!(vercel.outputs()["deployment_id"], "dpl_1");
    }
    let weather = Weather::fine(Cloud::of(&["READY"]));
    *weather.faults.lock().unwrap() = [None, None, None, Some(Wrong::Lost { took_effect: false })].into();
    start(&*vercel(ON_START, &weather)).await.unwrap();
    assert_eq!(weather.effects(), ["deploy main to production"], "it is sent again where nothing came of it");
}

#[tokio::test(start_paused = true)]
async fn what_is_served_goes_on_while_another_is_built() {
    let weather = Weather::fine(Cloud::of(&["READY"]));
    let vercel = vercel(USUAL, &weather);
    start(&*vercel).await.unwrap();
    weather.world.lock().unwrap().made.push(super::stage::Made {
        id: "dpl_1".to_owned(),
        target: Some("production"),
        since: tokio::time::Instant::now(),
        state: None,
        meta: serde_json::json!({}),
        has_had_domains: false,
    });
    sleep(Duration::from_secs(31)).await;
    assert_eq!(vercel.probe().await, Probed::Ready("BUILDING".to_owned()));
    sleep(Duration::from_secs(4)).await;
    assert_eq!(vercel.probe().await, Probed::Ready("BUILDING · 4 s so far".to_owned()));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(vercel.probe().await, Probed::Ready("READY".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_first_build_is_no_more_ready_than_it_is() {
    let weather = Weather::fine(Cloud::of(&[""]));
    let vercel = vercel(USUAL, &weather);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(vercel.probe().await, Probed::NotReady("BUILDING".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_failed_ends_the_run_with_its_reason() {
    let weather = Weather::fine(Cloud::of(&["READY"]));
    let vercel = vercel(USUAL, &weather);
    start(&*vercel).await.unwrap();
    weather.world.lock().unwrap().made[0].state = Some("ERROR");
    let exit = vercel.ended().await;
    assert_eq!(exit.code, Some(1));
    assert_eq!(vercel.why_ended().unwrap(), "the project shop at Vercel is ERROR (dpl_0 is served)");
}

#[tokio::test(start_paused = true)]
async fn a_project_of_another_team_is_told_as_such() {
    let weather = Weather::fine(Cloud::of(&["READY"]));
    let problem = start(&*vercel("{ token: '${secret:a}', project: shop }", &weather)).await.unwrap_err();
    assert!(problem.message.contains("there is no project shop"), "{problem:?}");
    assert!(problem.hint.unwrap().contains("`team`"));
}
