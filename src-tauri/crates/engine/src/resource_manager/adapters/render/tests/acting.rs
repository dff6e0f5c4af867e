use kinfra_rpc::{ErrorCode, Tone};

use super::stage::{Cloud, USUAL, render};
use crate::resource_manager::Act;
use crate::resource_manager::adapters::weather::{Weather, Wrong, act, act_confirmed};

#[tokio::test(start_paused = true)]
async fn every_action_that_is_offered_is_done_as_its_question_says() {
    let states = ["live", ""];
    let inspection = render(USUAL, &Weather::fine(Cloud::of(&states))).inspect().unwrap().await.unwrap();
    let of_items = inspection.lists.into_iter().flat_map(|list| list.items).flat_map(|item| item.actions);
    let all: Vec<_> = inspection.actions.into_iter().chain(of_items).collect();
    assert_eq!(all.len(), 3, "{all:?}");
    for action in all {
        let weather = Weather::fine(Cloud::of(&states));
        let render = render(USUAL, &weather);
        let wanted = Act { target: action.target.clone(), ..act(&action.action, None) };
        let question = action.confirm.clone().unwrap();
        let refused = render.act(&wanted).unwrap().await.unwrap_err();
        assert_eq!((refused.code, &refused.message), (ErrorCode::NotConfirmed, &question));
        assert_eq!(weather.effects(), Vec::<String>::new());
        render.act(&Act { confirmed: Some(question), ..wanted }).unwrap().await.unwrap();
        assert_eq!(weather.effects().len(), 1, "{action:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_there_is_is_told_with_what_can_be_done() {
    let weather = Weather::fine(Cloud::of(&["deactivated", "live", "build_failed", "canceled"]));
    let inspection = render(USUAL, &weather).inspect().unwrap().await.unwrap();
    assert_eq!(inspection.sign_in.who, "ada@example.com");
    let fact = |name: &str| inspection.facts.iter().find(|fact| fact.name == name).unwrap().value.clone();
    assert_eq!(
        [fact("Service"), fact("Workspace"), fact("Kind"), fact("State")],
        ["shop (srv-1)", "Acme (tea-1)", "web service", "build_failed (dep-1 is live)"]
    );
    let tones: Vec<_> = inspection.lists[0].items.iter().map(|item| item.tone).collect();
    assert_eq!(tones, [Tone::Quiet, Tone::Bad, Tone::Good, Tone::Quiet]);
    let detail = inspection.lists[0].items[2].detail.clone().unwrap();
    assert!(detail.starts_with("1abcdef · Sell more · new commit · "), "{detail}");
}

#[tokio::test(start_paused = true)]
async fn a_deploy_whose_answer_got_lost_is_looked_for_among_the_new_ones() {
    for took_effect in [true, false] {
        let weather = Weather::fine(Cloud::of(&["live"]));
        // A look of two and the list of before, once for the question and once with its answer.
        let mut faults = vec![None; 6];
        faults.push(Some(Wrong::Lost { took_effect }));
        *weather.faults.lock().unwrap() = faults.into();
        act_confirmed(&*render(USUAL, &weather), &act("deploy", None)).await.unwrap();
        assert_eq!(weather.effects(), ["deploy"], "{took_effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_says_why() {
    let weather = Weather::fine(Cloud::of(&["live"]));
    let render = render(USUAL, &weather);
    for (action, target, why) in [
        ("cancel-deploy", None, "shop has no deploy under way"),
        ("cancel-deploy", Some("dep-0"), "dep-0 (0abcdef) can't be canceled: it is live"),
        ("cancel-deploy", Some("dep-9"), "shop has no deploy dep-9"),
        ("delete", None, "there is no action `delete`"),
    ] {
        let problem = act_confirmed(&*render, &act(action, target)).await.unwrap_err();
        assert!(problem.message.contains(why), "{problem:?}");
    }
    weather.world.lock().unwrap().suspenders = vec!["user"];
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let problem = act_confirmed(&*render, &act("deploy", None)).await.unwrap_err();
    assert!(problem.message.contains("shop can't be deployed: it is suspended"), "{problem:?}");
    assert_eq!(weather.effects(), Vec::<String>::new());
}
