use kinfra_rpc::{ErrorCode, Tone};

use super::stage::{Cloud, OF_PROJECT, USUAL, railway};
use crate::resource_manager::Act;
use crate::resource_manager::adapters::weather::{Weather, Wrong, act, act_confirmed};

#[tokio::test(start_paused = true)]
async fn every_action_that_is_offered_is_done_as_its_question_says() {
    for (states, count) in [(&["FAILED", "SUCCESS", ""] as &[_], 5), (&["STOPPED"], 2)] {
        let inspection = railway(USUAL, &Weather::fine(Cloud::of(states))).inspect().unwrap().await.unwrap();
        let items = inspection.lists.into_iter().flat_map(|list| list.items);
        let all: Vec<_> = items.flat_map(|item| item.actions).collect();
        assert_eq!(all.len(), count, "{all:?}");
        for action in all {
            let weather = Weather::fine(Cloud::of(states));
            let railway = railway(USUAL, &weather);
            let mut wanted = Act { target: action.target.clone(), ..act(&action.action, None) };
            if let Some(question) = action.confirm.clone() {
                let refused = railway.act(&wanted).unwrap().await.unwrap_err();
                assert_eq!((refused.code, &refused.message), (ErrorCode::NotConfirmed, &question));
                wanted.confirmed = Some(question);
            }
            assert_eq!(weather.effects(), Vec::<String>::new());
            railway.act(&wanted).unwrap().await.unwrap();
            assert_eq!(weather.effects().len(), 1, "{action:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_there_is_is_told_by_one_request() {
    for (text, who) in [(USUAL, "a token of Acme"), (OF_PROJECT, "a token of shop, production")] {
        let weather = Weather::fine(Cloud::of(&["SUCCESS", "SUCCESS", "CRASHED"]));
        let inspection = railway(text, &weather).inspect().unwrap().await.unwrap();
        assert_eq!(weather.sent.lock().unwrap().len(), 3, "the names, how it is, and the list");
        assert_eq!(inspection.sign_in.who, who);
        let url = inspection.facts[0].url.as_deref().unwrap();
        assert_eq!(url, "https://railway.com/project/p1/service/s1?environmentId=e1");
        assert_eq!(inspection.facts[1].value, "CRASHED (d1 is active)");
        let tones: Vec<_> = inspection.lists[0].items.iter().map(|item| item.tone).collect();
        assert_eq!(tones, [Tone::Bad, Tone::Good, Tone::Quiet]);
        let detail = inspection.lists[0].items[1].detail.clone().unwrap();
        assert!(detail.starts_with("active · main · 1abcdef · Sell more · "), "{detail}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redeployment_whose_answer_got_lost_is_looked_for_among_the_new_ones() {
    for took_effect in [true, false] {
        let weather = Weather::fine(Cloud::of(&["SUCCESS"]));
        // The names; then how it is and the list, once for the question and once with its answer.
        let mut faults = vec![None; 5];
        faults.push(Some(Wrong::Lost { took_effect }));
        *weather.faults.lock().unwrap() = faults.into();
        act_confirmed(&*railway(USUAL, &weather), &act("redeploy", Some("d0"))).await.unwrap();
        assert_eq!(weather.effects(), ["redeploy d0"], "{took_effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_whose_answer_got_lost_is_not_sent_again() {
    let weather = Weather::fine(Cloud::of(&["SUCCESS"]));
    let mut faults = vec![None; 5];
    faults.push(Some(Wrong::Lost { took_effect: true }));
    *weather.faults.lock().unwrap() = faults.into();
    let problem = act_confirmed(&*railway(USUAL, &weather), &act("restart", None)).await.unwrap_err();
    assert!(problem.message.contains("nobody knows whether it took effect"), "{problem:?}");
    assert_eq!(weather.effects(), ["restart d0"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_says_why() {
    let weather = Weather::fine(Cloud::of(&["SLEEPING"]));
    let railway = railway(USUAL, &weather);
    for (action, target, why) in [
        ("restart", None, "can't be restarted: it is SLEEPING"),
        ("stop-deployment", Some("d0"), "can't be stopped: it is SLEEPING"),
        ("cancel-deployment", None, "can't be canceled: it is SLEEPING"),
        ("redeploy", Some("d7"), "web has no deployment d7"),
        ("delete", None, "there is no action `delete`"),
    ] {
        let problem = act_confirmed(&*railway, &act(action, target)).await.unwrap_err();
        assert!(problem.message.contains(why), "{problem:?}");
    }
    assert_eq!(weather.effects(), Vec::<String>::new());
}
