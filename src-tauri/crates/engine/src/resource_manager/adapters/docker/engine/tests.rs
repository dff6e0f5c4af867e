use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};
use kinfra_rpc::Exit;
use proptest::prelude::*;

use super::{Health, Known, Run, Said};

const SECOND: u64 = 1_000_000_000;
/// 2026-01-01T00:00:00Z
const DAY: u64 = 1_767_225_600 * SECOND;

fn found(id: &str, running: bool, started: u64, finished: u64, code: i64) -> ContainerInspectResponse {
    let time = |second: u64| format!("2026-01-01T00:00:{second:02}Z");
    let state = ContainerState {
        running: Some(running),
        status: Some(if running {
            ContainerStateStatusEnum::RUNNING
        } else {
            ContainerStateStatusEnum::EXITED
        }),
        started_at: Some(time(started)),
        finished_at: Some(time(finished)),
        exit_code: Some(code),
        ..ContainerState::default()
    };
    ContainerInspectResponse {
        id: Some(id.to_owned()),
        state: Some(state),
        ..ContainerInspectResponse::default()
    }
}

fn at(second: u64) -> u64 {
    DAY + second * SECOND
}

fn running() -> Known {
    let mut known = Known::default();
    known.hear("a", at(10), Said::Started);
    known
}

fn end(known: &Known) -> Exit {
    match known.run {
        Run::Down(Some(exit)) => exit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signal_is_told_as_one_where_somebody_sent_it() {
    let mut known = running();
    known.hear("a", at(11), Said::Killed(Some(9)));
    known.hear("a", at(12), Said::Died(Some(137)));
    assert_eq!(end(&known), Exit { code: None, signal: Some(9), at: at(12) / 1_000_000 });
    // Nobody did: it chose the number.
    let mut known = running();
    known.hear("a", at(12), Said::Died(Some(137)));
    assert_eq!((end(&known).code, known.was_signalled), (Some(137), false));
    // It ended in order after being asked to.
    let mut known = running();
    known.hear("a", at(11), Said::Killed(Some(15)));
    known.hear("a", at(12), Said::Died(Some(0)));
    assert_eq!((end(&known).code, known.was_signalled), (Some(0), true));
    known.hear("a", at(13), Said::Started);
    assert!(!known.was_signalled);
}

#[test]
fn the_lack_of_memory_is_why_it_ended() {
    let mut known = running();
    known.hear("a", at(11), Said::OutOfMemory);
    known.hear("a", at(11), Said::Died(Some(137)));
    assert_eq!((end(&known).signal, known.why.as_deref()), (Some(9), Some("it ran out of memory")));
    // Also where it is told too late.
    let mut known = running();
    known.hear("a", at(11), Said::Died(Some(1)));
    assert_eq!(known.why, None);
    known.hear("a", at(11), Said::OutOfMemory);
    assert_eq!(known.why.as_deref(), Some("it ran out of memory"));
    known.hear("a", at(12), Said::Started);
    assert_eq!(known.why, None);
}

#[test]
fn a_look_that_is_late_undoes_no_end() {
    let mut known = running();
    known.hear("a", at(12), Said::Died(Some(1)));
    known.look(Some(&found("a", true, 10, 5, 0)));
    assert_eq!(end(&known).code, Some(1));
}

#[test]
fn an_event_that_is_late_ends_no_later_run() {
    let mut known = Known::default();
    known.look(Some(&found("a", true, 20, 12, 0)));
    known.hear("a", at(12), Said::Died(Some(1)));
    assert_eq!(known.run, Run::Running(at(20)));
}

#[test]
fn the_end_of_a_container_that_was_replaced_is_not_the_end_of_the_new_one() {
    let mut known = running();
    known.hear("b", at(20), Said::Started);
    known.hear("a", at(21), Said::Died(Some(1)));
    known.hear("a", at(21), Said::Destroyed);
    assert_eq!(known.run, Run::Running(at(20)));
}

#[test]
fn what_happened_while_the_engine_was_away_is_seen_by_a_look() {
    let mut known = running();
    known.look(Some(&found("a", false, 10, 30, 3)));
    assert_eq!(end(&known), Exit { code: Some(3), signal: None, at: at(30) / 1_000_000 });
    let mut known = running();
    known.look(None);
    assert_eq!(known.run, Run::Down(None));
    let mut known = running();
    known.look(Some(&found("a", true, 10, 5, 0)));
    assert_eq!(known.run, Run::Running(at(10)));
}

#[test]
fn health_begins_anew_with_each_start() {
    let mut known = running();
    known.hear("a", at(11), Said::Health(Health::Healthy));
    known.hear("a", at(12), Said::Died(Some(0)));
    known.hear("a", at(13), Said::Started);
    assert_eq!(known.health, Some(Health::Starting));
}

proptest! {
    /// Events come in order; looks that saw less may come between them, late.
    #[test]
    fn looks_from_the_past_never_change_what_events_say(
        runs in prop::collection::vec((1u64..4, 1u64..4, 0i32..3), 1..6),
        late in prop::collection::vec(0usize..20, 0..10),
    ) {
        let (mut known, mut second, mut looks) = (Known::default(), 5, vec![]);
        for (pause, length, code) in runs {
            let previous = second;
            second += pause;
            known.hear("a", at(second), Said::Started);
            looks.push(found("a", true, second, previous, 0));
            for look in &late {
                if let Some(look) = looks.get(*look) {
                    known.look(Some(look));
                }
            }
            let started = second;
            prop_assert_eq!(known.run, Run::Running(at(started)));
            second += length;
            known.hear("a", at(second), Said::Died(Some(code)));
            for look in &late {
                if let Some(look) = looks.get(*look) {
                    known.look(Some(look));
                }
            }
            prop_assert_eq!(end(&known).code, Some(code));
        }
    }
}
