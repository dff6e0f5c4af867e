use kinfra_rpc::{ErrorCode, OfferedAction, Tone};

use super::stage::{Cloud, USUAL, vercel};
use crate::resource_manager::adapters::weather::{Weather, act, act_confirmed};
use crate::resource_manager::{Act, Adapter};

const PREVIEW: &str = "{ token: '${secret:a}', project: shop, team: acme, target: preview, branch: dev }";

async fn offered(vercel: &dyn Adapter) -> Vec<OfferedAction> {
    let inspection = vercel.inspect().unwrap().await.unwrap();
    let of_items = inspection.lists.into_iter().flat_map(|list| list.items).flat_map(|item| item.actions);
    inspection.actions.into_iter().chain(of_items).collect()
}

#[tokio::test(start_paused = true)]
async fn what_there_is_is_told_with_what_can_be_done() {
    let weather = Weather::fine(Cloud::of(&["READY", "ERROR", "READY", "CANCELED", ""]));
    let inspection = vercel(USUAL, &weather).inspect().unwrap().await.unwrap();
    assert_eq!(inspection.vendor, "Vercel");
    assert_eq!(inspection.sign_in.who, "ada@example.com (a token of limited scope)");
    assert!(inspection.sign_in.missing.is_empty() && inspection.sign_in.unproven.len() == 1);
    let fact = |name: &str| inspection.facts.iter().find(|fact| fact.name == name).unwrap().value.clone();
    assert_eq!([fact("Project"), fact("Team"), fact("Address")], ["shop", "Acme", "https://shop.test"]);
    assert_eq!(fact("Served"), "dpl_2 (main, 2abcdef)");
    let items = &inspection.lists[0].items;
    let shown: Vec<_> =
        items.iter().map(|item| (&*item.name, item.state.as_deref().unwrap(), item.tone)).collect();
    assert_eq!(
        shown,
        [
            ("dpl_4", "QUEUED", Tone::Changing),
            ("dpl_3", "CANCELED", Tone::Quiet),
            ("dpl_2", "READY", Tone::Good),
            ("dpl_1", "ERROR", Tone::Bad),
            ("dpl_0", "READY", Tone::Quiet),
        ]
    );
    assert!(items[2].detail.as_ref().unwrap().starts_with("served · production · main · 2abcdef · "));
    let actions = |nth: usize| items[nth].actions.iter().map(|action| &*action.action).collect::<Vec<_>>();
    assert_eq!(
        [actions(0), actions(2), actions(4)],
        [vec!["cancel-build"], vec!["redeploy"], vec!["promote", "redeploy"]]
    );
}

#[tokio::test(start_paused = true)]
async fn every_action_that_is_offered_is_done_as_its_question_says() {
    let states = ["READY", "READY", ""];
    let weather = Weather::fine(Cloud::of(&states));
    let all = offered(&*vercel(USUAL, &weather)).await;
    assert_eq!(all.len(), 5, "{all:?}");
    for action in all {
        let weather = Weather::fine(Cloud::of(&states));
        let vercel = vercel(USUAL, &weather);
        let wanted = Act { target: action.target.clone(), ..act(&action.action, None) };
        let question = action.confirm.clone().unwrap();
        let refused = vercel.act(&wanted).unwrap().await.unwrap_err();
        assert_eq!((refused.code, &refused.message), (ErrorCode::NotConfirmed, &question));
        let other = Act { confirmed: Some(question.replace("shop", "stop")), ..wanted.clone() };
        assert_eq!(vercel.act(&other).unwrap().await.unwrap_err().code, ErrorCode::NotConfirmed);
        assert_eq!(weather.effects(), Vec::<String>::new());
        vercel.act(&Act { confirmed: Some(question), ..wanted }).unwrap().await.unwrap();
        assert_eq!(weather.effects().len(), 1, "{action:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_deployed_without_a_question_and_built_again_to_be_promoted() {
    let weather = Weather::fine(Cloud::of(&["READY"]));
    let vercel = vercel(PREVIEW, &weather);
    let typed = Act { input: Some(" feature ".to_owned()), ..act("deploy", None) };
    vercel.act(&typed).unwrap().await.unwrap();
    vercel.act(&act("deploy", None)).unwrap().await.unwrap();
    assert_eq!(weather.effects(), ["deploy feature to preview", "deploy dev to preview"]);
    let early = act_confirmed(&*vercel, &act("promote", Some("dpl_2"))).await.unwrap_err();
    assert!(early.message.contains("dpl_2 can't be promoted: it is QUEUED"), "{early:?}");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    act_confirmed(&*vercel, &act("promote", Some("dpl_2"))).await.unwrap();
    assert_eq!(weather.effects()[2], "redeploy dpl_2 to production");
}

#[tokio::test(start_paused = true)]
async fn what_is_promoted_already_is_well() {
    let weather = Weather::fine(Cloud::of(&["READY", "READY"]));
    let vercel = vercel(USUAL, &weather);
    act_confirmed(&*vercel, &act("promote", Some("dpl_1"))).await.unwrap();
    assert_eq!(weather.effects(), Vec::<String>::new());
    act_confirmed(&*vercel, &act("promote", Some("dpl_0"))).await.unwrap();
    assert_eq!(weather.effects(), ["promote dpl_0"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_says_why() {
    let weather = Weather::fine(Cloud::of(&["READY"]));
    weather.world.lock().unwrap().is_linked = false;
    let vercel = vercel(USUAL, &weather);
    for (action, target, why) in [
        ("deploy", None, "no repository is linked"),
        ("cancel-build", Some("dpl_0"), "can't be canceled: it is READY"),
        ("redeploy", Some("dpl_77"), "shop has no deployment dpl_77"),
        ("redeploy", Some("../projects"), "has no deployment"),
        ("delete", None, "there is no action `delete`"),
    ] {
        let problem = act_confirmed(&*vercel, &act(action, target)).await.unwrap_err();
        assert!(problem.message.contains(why), "{problem:?}");
    }
    assert_eq!(weather.effects(), Vec::<String>::new());
}
