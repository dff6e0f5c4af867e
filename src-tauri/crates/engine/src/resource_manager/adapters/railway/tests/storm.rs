use proptest::prelude::*;

use super::super::{ABOUT, AT_ONCE};
use super::stage::{Cloud, FREE, railway};
use crate::resource_manager::adapters::weather::{Rules, Weather, act, faults, is_within, storm, wishes};

fn rules() -> Rules {
    Rules {
        // What is stopped.
        start: Some("restart"),
        stop: None,
        acts: vec![
            (act("redeploy", None), "redeploy"),
            (act("redeploy", Some("d0")), "redeploy d0"),
            (act("restart", Some("d0")), "restart d0"),
            (act("restart", None), "restart"),
            (act("stop-deployment", Some("d0")), "stop d0"),
            (act("stop-deployment", None), "stop"),
            (act("cancel-deployment", None), "cancel"),
            (act("delete", Some("d0")), "nothing"),
        ],
        // What is stopped harms nobody by its restart.
        harmless: &["restart"],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever Railway answers, and whoever asks, starts, acts or gives up meanwhile.
    #[test]
    fn no_sequence_of_faults_deploys_twice_or_does_what_nobody_asked_for(
        wishes in wishes(), faults in faults(),
        states in prop::sample::select(vec![&["SUCCESS"] as &[_], &["SUCCESS", ""], &["STOPPED"], &["SLEEPING"], &[]]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let weather = { let _in = runtime.enter(); Weather::fine(Cloud::of(states)) };
        *weather.faults.lock().unwrap() = faults.0.into();
        *weather.faults_of_changes.lock().unwrap() = faults.1.into();
        storm(&weather, || railway(FREE, &weather), &rules(), wishes).map_err(TestCaseError::fail)?;
        for rate in AT_ONCE.iter().chain([&ABOUT.rate]) {
            is_within(&weather, |_| true, *rate).map_err(TestCaseError::fail)?;
        }
    }
}
