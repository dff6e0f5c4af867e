use std::time::Duration;

use kinfra_rpc::ErrorCode;
use tokio::time::sleep;

use super::stage::{Cloud, PAUSED, USUAL, render};
use crate::resource_manager::adapters::weather::{Weather, act, act_confirmed, start};
use crate::resource_manager::{Act, By, Probed, Stop};

#[tokio::test(start_paused = true)]
async fn a_start_uses_what_is_live_and_changes_nothing() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    let render = render(USUAL, &weather);
    start(&*render).await.unwrap();
    assert_eq!(render.probe().await, Probed::Ready("live".to_owned()));
    let outputs = render.outputs();
    let told = ["url", "host", "port", "service_id", "deploy_id", "state"].map(|name| &*outputs[name]);
    assert_eq!(told, ["https://shop.onrender.com", "shop.onrender.com", "443", "srv-1", "dep-0", "live"]);
    render.stop(Stop::InOrder).await.unwrap();
    assert_eq!(render.ended().await.code, Some(0));
    assert_eq!(weather.effects(), Vec::<String>::new(), "others may use it");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_address_offers_none() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    let kind = |kind| weather.world.lock().unwrap().kind = kind;
    kind("private_service");
    let private = render("{ token: '${secret:a}', service: srv-1 }", &weather);
    start(&*private).await.unwrap();
    assert_eq!((&*private.outputs()["host"], &*private.outputs()["port"]), ("shop", "10000"));
    kind("background_worker");
    let worker = render(USUAL, &weather);
    start(&*worker).await.unwrap();
    assert_eq!(worker.outputs().into_keys().collect::<Vec<_>>(), ["deploy_id", "service_id", "state"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_resumes_what_its_user_suspended_and_a_stop_suspends_it_where_that_is_declared() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    weather.world.lock().unwrap().suspenders = vec!["user"];
    let render = render(PAUSED, &weather);
    start(&*render).await.unwrap();
    assert_eq!(weather.effects(), ["resume"]);
    render.stop(Stop::InOrder).await.unwrap();
    assert_eq!(weather.effects(), ["resume", "suspend"]);
}

#[tokio::test(start_paused = true)]
async fn what_its_vendor_suspended_stays_so_and_is_told_as_that() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    let render = render(USUAL, &weather);
    start(&*render).await.unwrap();
    weather.world.lock().unwrap().suspenders = vec!["billing"];
    sleep(Duration::from_secs(31)).await;
    let Probed::Unknown(problem) = render.probe().await else { panic!("it is paused") };
    assert_eq!(
        (problem.code, &*problem.message),
        (ErrorCode::ResourcePausedByVendor, "Render has paused it: suspended by billing")
    );
    let refused = start(&*render).await.unwrap_err();
    assert!(refused.message.contains("the service shop is suspended by billing"), "{refused:?}");
    weather.world.lock().unwrap().suspenders = vec!["user"];
    sleep(Duration::from_secs(31)).await;
    let Probed::Unknown(problem) = render.probe().await else { panic!("it is paused") };
    assert_eq!((problem.code, &*problem.message), (ErrorCode::ResourcePaused, "is paused: suspended"));
    assert_eq!(weather.effects(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_asked_about_and_a_resume_takes_its_time() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    let render = render(USUAL, &weather);
    start(&*render).await.unwrap();
    let refused = render.act(&act(Act::PAUSE, None)).unwrap().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotConfirmed);
    assert_eq!(refused.message, "Suspend shop at Render? Visitors get nothing from it until it is resumed.");
    act_confirmed(&*render, &act(Act::PAUSE, None)).await.unwrap();
    let Probed::Unknown(paused) = render.probe().await else { panic!("it is paused") };
    assert_eq!((paused.code, &*paused.message), (ErrorCode::ResourcePaused, "is paused"));
    render.act(&act(Act::RESUME, None)).unwrap().await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let Probed::Unknown(resumed) = render.probe().await else { panic!("it is on its way") };
    assert_eq!(resumed.code, ErrorCode::ResourceResuming, "{resumed:?}");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(render.probe().await, Probed::Ready("live".to_owned()));
    assert_eq!(weather.effects(), ["suspend", "resume"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_paused_for_disuse_while_a_deploy_runs_however_new_that_is() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    let render = render(USUAL, &weather);
    start(&*render).await.unwrap();
    weather.world.lock().unwrap().made.push(super::stage::Made {
        id: "dep-1".to_owned(),
        trigger: "new_commit",
        since: tokio::time::Instant::now(),
        status: None,
    });
    let unused = Act { by: By::Unused(Duration::from_secs(7200)), ..act(Act::PAUSE, None) };
    let refused = render.act(&unused).unwrap().await.unwrap_err();
    assert!(refused.message.contains("can't be paused now: it is build_in_progress"), "{refused:?}");
    assert_eq!(render.probe().await, Probed::Ready("build_in_progress".to_owned()));
    sleep(Duration::from_secs(60)).await;
    render.act(&unused).unwrap().await.unwrap();
    assert_eq!(weather.effects(), ["suspend"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_is_told_as_such() {
    for service in ["stop", "srv-2"] {
        let weather = Weather::fine(Cloud::of(&["live"]));
        let text = format!("{{ token: '${{secret:a}}', service: {service} }}");
        let problem = start(&*render(&text, &weather)).await.unwrap_err();
        assert!(problem.message.contains(&format!("there is no service {service}")), "{problem:?}");
    }
}
