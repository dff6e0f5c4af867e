use proptest::prelude::*;

use super::super::{ABOUT, DEPLOYS};
use super::stage::{Cloud, ON_START, USUAL, vercel};
use crate::resource_manager::adapters::weather::{Rules, Weather, act, faults, is_within, storm, wishes};

fn rules(deploys: bool) -> Rules {
    Rules {
        start: deploys.then_some("deploy main to production"),
        stop: None,
        acts: vec![
            (act("deploy", None), "deploy main to production"),
            (act("redeploy", Some("dpl_0")), "redeploy dpl_0 to production"),
            (act("promote", Some("dpl_0")), "promote dpl_0"),
            (act("promote", Some("dpl_1")), "promote dpl_1"),
            (act("cancel-build", Some("dpl_2")), "cancel dpl_2"),
            (act("delete", Some("dpl_0")), "nothing"),
        ],
        harmless: &[],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever Vercel answers, and whoever asks, starts, acts or gives up meanwhile.
    #[test]
    fn no_sequence_of_faults_deploys_twice_or_does_what_nobody_asked_for(
        wishes in wishes(), faults in faults(), deploys in any::<bool>(), is_building in any::<bool>(),
    ) {
        let states: &[&str] = if is_building { &["READY", "READY", ""] } else { &["READY", "READY"] };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let weather = { let _in = runtime.enter(); Weather::fine(Cloud::of(states)) };
        *weather.faults.lock().unwrap() = faults.0.into();
        *weather.faults_of_changes.lock().unwrap() = faults.1.into();
        let text = if deploys { ON_START } else { USUAL };
        storm(&weather, || vercel(text, &weather), &rules(deploys), wishes).map_err(TestCaseError::fail)?;
        is_within(&weather, |_| true, ABOUT.rate).map_err(TestCaseError::fail)?;
        for rate in DEPLOYS {
            let creates = |call: &crate::resource_manager::remote::Call| call.method == "POST" && call.url.path() == "/v13/deployments";
            is_within(&weather, creates, *rate).map_err(TestCaseError::fail)?;
        }
    }
}
