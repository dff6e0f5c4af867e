use std::collections::BTreeSet;

use super::*;

#[test]
fn the_first_restart_comes_at_once_and_later_ones_back_off() {
    let mut machine = healthy(RestartPolicy::Always);
    let mut now = 200;
    let mut delays = vec![];
    for run in 1..=3 {
        machine.step(now, Input::Exited { run, exit: exit(1) });
        let effects = machine.step(now, Input::Swept { run, left: Ok(0) });
        let counts = Counts { restarts: failures(run), failures: failures(run) };
        let at = machine.deadline().unwrap_or(now);
        let ended = Effect::Ended { run, exit: exit(1), then: Then::Retry { at }, counts };
        assert_eq!(effects[0], ended);
        let asked = now;
        if effects.len() == 1 {
            now = at;
            assert_eq!((machine.view().phase, machine.view().retry_at), (Phase::Exited, Some(at)));
            assert_eq!(machine.step(now, Input::Tick), [Effect::Spawn { run: run + 1, counts }]);
        }
        delays.push(now - asked);
        machine.step(now, Input::Spawned { run: run + 1, pid: 43 });
    }
    assert_eq!(delays[0], 0);
    assert!((800..=1_200).contains(&delays[1]) && (1_600..=2_400).contains(&delays[2]), "{delays:?}");
    machine.step(now, Input::Exited { run: 4, exit: exit(1) });
    let effects = machine.step(now, Input::Swept { run: 4, left: Ok(0) });
    let counts = Counts { restarts: 3, failures: 4 };
    assert_eq!(effects, [Effect::Ended { run: 4, exit: exit(1), then: Then::GaveUp, counts }]);
    let view = machine.view();
    assert_eq!((view.phase, &*view.detail), (Phase::CrashLooping, "exited with code 1, 4 times in a row"));
    assert_eq!(view.problem.unwrap().code, ErrorCode::CrashLooping);
    assert_eq!(machine.step(now, Input::Start), [spawn(5)], "trying again counts anew");
}

#[test]
fn a_stable_time_resets_the_backoff() {
    let mut machine = healthy(RestartPolicy::Always);
    for run in 1..=20 {
        let now = run * 60_000;
        machine.step(now, Input::Exited { run, exit: exit(1) });
        let effects = machine.step(now, Input::Swept { run, left: Ok(0) });
        assert!(matches!(effects[..], [Effect::Ended { .. }, Effect::Spawn { .. }]), "{effects:?}");
        machine.step(now, Input::Spawned { run: run + 1, pid: 43 });
        machine.step(now, Input::Tick);
        machine.step(now, good(run + 1));
    }
    assert_eq!(machine.view().restarts, 20);
}

#[test]
fn a_stop_signals_the_group_and_kills_after_the_grace() {
    let mut machine = healthy(RestartPolicy::Always);
    assert_eq!(machine.step(200, Input::Stop), [Effect::Signal { run: 1, signal: 15, everything: false }]);
    assert_eq!(machine.view().kill_at, Some(10_200));
    assert_eq!(machine.step(10_199, Input::Tick), []);
    assert_eq!(machine.step(10_200, Input::Tick), [Effect::Signal { run: 1, signal: 9, everything: true }]);
}

#[test]
fn a_stop_is_over_only_when_no_process_is_left() {
    let mut machine = healthy(RestartPolicy::Always);
    machine.step(200, Input::Stop);
    assert_eq!(machine.step(300, Input::Exited { run: 1, exit: exit(0) }), [Effect::Sweep { run: 1 }]);
    let signal = Effect::Signal { run: 1, signal: 15, everything: true };
    assert_eq!(machine.step(310, Input::Swept { run: 1, left: Ok(2) }), [signal]);
    assert_eq!(machine.view().phase, Phase::Stopping);
    assert_eq!(machine.step(350, Input::Tick), [Effect::Sweep { run: 1 }]);
    assert_eq!(machine.step(360, Input::Swept { run: 1, left: Ok(1) }), []);
    assert_eq!(machine.step(10_200, Input::Tick), [Effect::Sweep { run: 1 }]);
    let kill = Effect::Signal { run: 1, signal: 9, everything: true };
    assert_eq!(machine.step(10_201, Input::Swept { run: 1, left: Ok(1) }), [kill]);
    machine.step(10_300, Input::Tick);
    machine.step(10_301, Input::Swept { run: 1, left: Ok(0) });
    assert_eq!(machine.view().phase, Phase::Stopped);
}

#[test]
fn what_nobody_could_look_for_counts_as_there() {
    let mut machine = healthy(RestartPolicy::Always);
    machine.step(200, Input::Stop);
    machine.step(300, Input::Exited { run: 1, exit: exit(0) });
    let blind = Problem::new(ErrorCode::KeeperLost, "nobody can look");
    for now in [310, 1_320] {
        assert_eq!(machine.step(now, Input::Swept { run: 1, left: Err(blind.clone()) }), []);
        let view = machine.view();
        assert_eq!((view.phase, view.problem), (Phase::Stopping, Some(blind.clone())));
        assert_eq!(machine.step(now + 1_000, Input::Tick), [Effect::Sweep { run: 1 }], "looked for again");
    }
    machine.step(3_000, Input::Swept { run: 1, left: Ok(0) });
    assert_eq!((machine.view().phase, machine.view().problem), (Phase::Stopped, None));
    let told = machine.take_notes().filter(|note| note.text == "nobody can look").count();
    assert_eq!(told, 1);
}

#[test]
fn a_stop_during_the_spawn_ends_what_was_spawned() {
    let mut machine = machine(RestartPolicy::Always);
    machine.step(0, Input::Start);
    assert_eq!(machine.step(1, Input::Stop), []);
    let effects = machine.step(2, Input::Spawned { run: 1, pid: 42 });
    assert_eq!(effects, [Effect::Signal { run: 1, signal: 15, everything: false }]);
}

#[test]
fn a_kill_during_the_spawn_kills_what_was_spawned_without_grace() {
    let kill = [Effect::Signal { run: 1, signal: 9, everything: true }];
    let mut machine = machine(RestartPolicy::Always);
    machine.step(0, Input::Start);
    assert_eq!(machine.step(1, Input::Kill), []);
    assert_eq!(machine.step(2, Input::Spawned { run: 1, pid: 42 }), kill);
    assert_eq!(machine.step(3, Input::Exited { run: 1, exit: exit(137) }), [Effect::Sweep { run: 1 }]);
    assert_eq!(
        machine.step(4, Input::Swept { run: 1, left: Ok(1) }),
        kill,
        "what it left behind has no grace either"
    );
    // Started again before it was there: that is withdrawn, as a stop is.
    let mut machine = healthy(RestartPolicy::Always);
    machine.step(200, Input::Exited { run: 1, exit: exit(1) });
    machine.step(200, Input::Swept { run: 1, left: Ok(0) });
    machine.step(210, Input::Kill);
    machine.step(220, Input::Start);
    assert_eq!(machine.step(230, Input::Spawned { run: 2, pid: 43 }), []);
}

#[test]
fn news_of_an_end_may_come_before_that_of_the_beginning() {
    let mut machine = machine(RestartPolicy::Never);
    machine.step(0, Input::Start);
    assert_eq!(machine.step(1, Input::Exited { run: 1, exit: exit(3) }), []);
    assert_eq!(machine.step(2, Input::Spawned { run: 1, pid: 42 }), [Effect::Sweep { run: 1 }]);
    machine.step(3, Input::Swept { run: 1, left: Ok(0) });
    assert_eq!((machine.view().phase, machine.view().last_exit), (Phase::Exited, Some(exit(3))));
}

#[test]
fn a_start_during_a_stop_starts_again_whatever_the_policy() {
    let mut machine = healthy(RestartPolicy::Never);
    machine.step(200, Input::Stop);
    machine.step(210, Input::Start);
    machine.step(220, Input::Exited { run: 1, exit: exit(0) });
    let effects = machine.step(230, Input::Swept { run: 1, left: Ok(0) });
    let (then, counts) = (Then::Retry { at: 230 }, Counts::default());
    assert_eq!(effects, [Effect::Ended { run: 1, exit: exit(0), then, counts }, spawn(2)]);
    assert_eq!(machine.view().last_exit, None, "an end that was asked for is no crash");
}

#[test]
fn a_failed_spawn_is_not_tried_again_by_itself() {
    let mut machine = machine(RestartPolicy::Always);
    machine.step(0, Input::Start);
    let problem = Problem::new(ErrorCode::CommandNotFound, "no such program");
    machine.step(1, Input::SpawnFailed { run: 1, problem: problem.clone() });
    let view = machine.view();
    assert_eq!((view.phase, view.problem, machine.deadline()), (Phase::Failed, Some(problem), None));
}

#[test]
fn an_adopted_process_is_unknown_until_its_first_probe() {
    let counts = Counts { restarts: 2, failures: 2 };
    let adopted = Adopted { run: 7, pid: 42, started_at: 0, counts };
    let mut machine = Machine::adopt(settings(RestartPolicy::Always), 8, adopted, 5);
    let view = machine.view();
    assert_eq!((view.phase, view.health, view.restarts), (Phase::Running, Health::Unknown, 2));
    machine.step(5, Input::Tick);
    machine.step(6, good(7));
    assert_eq!(machine.view().health, Health::Healthy);
}

/// Takes over, at this moment, a process that was started at 0: what is to be seen after each probe, and when the next
/// one is due.
fn adopted_at(now: u64) -> impl FnMut(u64, Input) -> (Phase, Health, Option<u64>) {
    let adopted = Adopted { run: 7, pid: 42, started_at: 0, counts: Counts::default() };
    let mut machine = Machine::adopt(settings(RestartPolicy::Always), 8, adopted, now);
    move |now, result| {
        assert_eq!(machine.step(now, Input::Tick), [Effect::Probe { run: 7, role: Role::Readiness }]);
        machine.step(now, result);
        let view = machine.view();
        (view.phase, view.health, machine.deadline())
    }
}

#[test]
fn one_adopted_in_the_midst_of_its_start_has_the_rest_of_its_time() {
    let mut probe = adopted_at(5);
    for now in (1_000..30_000).step_by(1_000) {
        let (phase, health, _) = probe(now, failed(7));
        assert_eq!((phase, health), (Phase::Starting, Health::Starting));
    }
    let (phase, health, _) = probe(30_000, good(7));
    assert_eq!((phase, health), (Phase::Running, Health::Healthy));
}

#[test]
fn one_adopted_after_its_start_is_unhealthy_once_its_probe_has_failed_often_enough() {
    let mut probe = adopted_at(60_000);
    assert_eq!(probe(60_000, failed(7)), (Phase::Running, Health::Unknown, Some(61_000)));
    assert_eq!(probe(61_000, failed(7)), (Phase::Running, Health::Unknown, Some(62_000)));
    let lost = (Phase::Running, Health::Unhealthy, Some(63_000));
    assert_eq!(probe(62_000, failed(7)), lost, "looked for as what was lost");
    assert_eq!(probe(63_000, good(7)).1, Health::Healthy);
}

#[test]
fn what_an_earlier_engine_had_decided_is_gone_on_with() {
    let resume = |then| {
        let resumed = Resumed { exit: exit(3), then, counts: Counts { restarts: 2, failures: 2 } };
        Machine::resume(settings(RestartPolicy::Always), 8, &resumed)
    };
    let mut waiting = resume(Then::Retry { at: 500 });
    let view = waiting.view();
    assert_eq!((view.phase, view.retry_at, view.restarts), (Phase::Exited, Some(500), 2));
    let counts = Counts { restarts: 2, failures: 2 };
    assert_eq!(waiting.step(500, Input::Tick), [Effect::Spawn { run: 8, counts }]);
    assert_eq!(resume(Then::GaveUp).view().phase, Phase::CrashLooping);
    assert_eq!(resume(Then::GaveUp).view().detail, "exited with code 3, 2 times in a row");
    assert_eq!(resume(Then::Exited).view().last_exit, Some(exit(3)));
    assert_eq!(resume(Then::Stopped).view().phase, Phase::Stopped);
}

#[test]
fn a_stop_clears_what_had_failed() {
    let mut machine = healthy(RestartPolicy::Never);
    machine.step(200, Input::Exited { run: 1, exit: exit(1) });
    machine.step(200, Input::Swept { run: 1, left: Ok(0) });
    assert_eq!(machine.view().phase, Phase::Exited);
    assert_eq!(machine.step(300, Input::Stop), [Effect::Settled { run: 1 }]);
    assert_eq!((machine.view().phase, machine.view().last_exit), (Phase::Stopped, None));
    assert_eq!(machine.step(300, Input::Stop), []);
}

#[test]
fn the_timeline_says_why_it_was_started_anew() {
    let mut machine = healthy(RestartPolicy::Always);
    machine.step(60_000, Input::Exited { run: 1, exit: Exit { code: None, signal: Some(9), at: 0 } });
    machine.step(60_010, Input::Swept { run: 1, left: Ok(0) });
    machine.step(60_020, Input::Spawned { run: 2, pid: 43 });
    machine.step(60_030, Input::Stop);
    machine.step(70_030, Input::Tick);
    machine.step(70_040, Input::Exited { run: 2, exit: exit(0) });
    machine.step(70_050, Input::Swept { run: 2, left: Ok(0) });
    let told: Vec<_> = machine.take_notes().map(|note| format!("{} {}", note.run, note.text)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    1 started, pid 42
    1 ready 90 ms after its start
    1 was ended by SIGKILL
    1 started anew at once: try 1 of 3
    2 started, pid 43
    2 asked to stop
    2 did not end within 10 s: killed
    2 stopped
    ");
    let runs: BTreeSet<u64> = machine.take_notes().map(|note| note.run).collect();
    assert!(runs.is_empty(), "each is told once");
}

#[test]
fn a_restart_is_one_outcome_whenever_it_is_asked_for() {
    let mut machine = healthy(RestartPolicy::Never);
    assert_eq!(machine.step(200, Input::Restart), [Effect::Signal { run: 1, signal: 15, everything: false }]);
    assert_eq!(machine.view().detail, "restarting");
    assert_eq!(machine.step(210, Input::Restart), []);
    machine.step(220, Input::Exited { run: 1, exit: exit(0) });
    let effects = machine.step(230, Input::Swept { run: 1, left: Ok(0) });
    assert_eq!(effects[1..], [spawn(2)]);
    // While it is spawned: what it was spawned from may be old.
    assert_eq!(machine.step(240, Input::Restart), []);
    let effects = machine.step(250, Input::Spawned { run: 2, pid: 43 });
    assert_eq!(effects, [Effect::Signal { run: 2, signal: 15, everything: false }]);
    machine.step(260, Input::Stop);
    assert_eq!(machine.step(270, Input::Restart), [], "a stop counts");
    machine.step(280, Input::Exited { run: 2, exit: exit(0) });
    machine.step(290, Input::Swept { run: 2, left: Ok(0) });
    assert_eq!((machine.view().phase, machine.step(300, Input::Restart)), (Phase::Stopped, vec![]));
}
