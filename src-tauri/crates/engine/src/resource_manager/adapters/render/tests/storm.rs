use proptest::prelude::*;

use super::super::{ABOUT, CHANGES, CHANGES_OF_ONE};
use super::stage::{Cloud, PAUSED, USUAL, render};
use crate::resource_manager::Act;
use crate::resource_manager::adapters::weather::{Rules, Weather, act, faults, is_within, storm, wishes};

fn rules(pauses: bool) -> Rules {
    Rules {
        // What is suspended.
        start: Some("resume"),
        stop: pauses.then_some("suspend"),
        acts: vec![
            (act("deploy", None), "deploy"),
            (act("deploy-clear-cache", None), "deploy afresh"),
            (act("cancel-deploy", Some("dep-1")), "cancel dep-1"),
            (act("cancel-deploy", None), "cancel"),
            (act(Act::PAUSE, None), "suspend"),
            (act(Act::RESUME, None), "resume"),
            (act("delete", None), "nothing"),
        ],
        harmless: &[Act::RESUME],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever Render answers, and whoever asks, starts, acts or gives up meanwhile.
    #[test]
    fn no_sequence_of_faults_deploys_twice_or_does_what_nobody_asked_for(
        wishes in wishes(), faults in faults(), pauses in any::<bool>(), is_building in any::<bool>(),
    ) {
        let states: &[&str] = if is_building { &["live", ""] } else { &["live"] };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let weather = { let _in = runtime.enter(); Weather::fine(Cloud::of(states)) };
        *weather.faults.lock().unwrap() = faults.0.into();
        *weather.faults_of_changes.lock().unwrap() = faults.1.into();
        let text = if pauses { PAUSED } else { USUAL };
        storm(&weather, || render(text, &weather), &rules(pauses), wishes).map_err(TestCaseError::fail)?;
        is_within(&weather, |_| true, ABOUT.rate).map_err(TestCaseError::fail)?;
        for rate in CHANGES_OF_ONE.iter().chain(CHANGES) {
            is_within(&weather, |call| call.method == "POST", *rate).map_err(TestCaseError::fail)?;
        }
    }
}
