use super::*;

/// A machine with a process that was spawned at 0, and these probes.
struct Probed {
    machine: Machine,
}

impl Probed {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings(RestartPolicy::Always);
        change(&mut settings);
        let mut machine = Machine::new(settings, 1);
        machine.step(0, Input::Start);
        machine.step(0, Input::Spawned { run: 1, pid: 42 });
        Self { machine }
    }

    /// Whether the probe that is due at this moment is of this role, and answers so; what is to be seen then.
    fn answer(&mut self, now: u64, role: Role, answer: Result<&str, &str>) -> (Phase, Health) {
        let due = self.machine.deadline();
        assert!(due.is_some_and(|due| due <= now), "at {now} the next probe is due at {due:?}");
        assert_eq!(self.machine.step(now, Input::Tick), [Effect::Probe { run: 1, role }], "at {now}");
        assert_eq!(self.machine.step(now, Input::Tick), [], "two probes at once");
        let result = answer.map(str::to_owned).map_err(|reason| reason.to_owned().into());
        self.effects(now, role, result);
        let view = self.machine.view();
        (view.phase, view.health)
    }

    fn effects(&mut self, now: u64, role: Role, result: crate::supervisor::ProbeResult) -> Vec<Effect> {
        self.machine.step(now, Input::Probed { run: 1, role, result })
    }
}

const REFUSED: Result<&str, &str> = Err("refused");

#[test]
fn failures_in_the_start_period_do_not_count_and_later_ones_need_the_threshold() {
    let mut probed = Probed::new(|_| {});
    let mut probe = |now, answer| probed.answer(now, Role::Readiness, answer);
    for now in (0..29_000).step_by(1_000) {
        assert_eq!(probe(now, REFUSED), (Phase::Starting, Health::Starting));
    }
    probe(30_000, REFUSED);
    probe(31_000, REFUSED);
    assert_eq!(probe(32_000, REFUSED), (Phase::Running, Health::Unhealthy));
    assert_eq!(probe(40_000, Ok("1 ms")), (Phase::Running, Health::Healthy));
}

#[test]
fn probes_follow_each_other_fast_while_it_starts_and_seldom_once_it_is_ready() {
    let mut probed = Probed::new(|_| {});
    let mut due = 0;
    for pause in [1, 2, 4, 8, 16, 32, 64, 75, 75] {
        probed.answer(due, Role::Readiness, REFUSED);
        due += pause;
        assert_eq!(probed.machine.deadline(), Some(due));
    }
    probed.answer(due, Role::Readiness, Ok(""));
    assert_eq!(probed.machine.deadline(), Some(due + 5_000));
}

#[test]
fn losing_readiness_ends_nothing() {
    let mut probed = Probed::new(|_| {});
    probed.answer(0, Role::Readiness, Ok(""));
    assert_eq!(probed.answer(5_000, Role::Readiness, REFUSED), (Phase::Running, Health::Degraded));
    assert_eq!(probed.machine.view().detail, "degraded: refused");
    assert_eq!(probed.answer(10_000, Role::Readiness, REFUSED), (Phase::Running, Health::Degraded));
    assert_eq!(probed.answer(15_000, Role::Readiness, REFUSED), (Phase::Running, Health::Unhealthy));
    // What was lost is looked for more often.
    assert_eq!(probed.machine.deadline(), Some(16_000));
    for now in 16..100 {
        assert_eq!(probed.answer(now * 1_000, Role::Readiness, REFUSED), (Phase::Running, Health::Unhealthy));
    }
    assert_eq!(probed.answer(100_000, Role::Readiness, Ok("")), (Phase::Running, Health::Healthy));
}

#[test]
fn one_good_answer_ends_the_doubt_and_other_settings_without_that_probe_too() {
    let liveness = CheckSettings { interval: 1_000, ..CheckSettings::default() };
    let mut probed = Probed::new(|settings| settings.liveness = Some(liveness));
    probed.answer(0, Role::Readiness, Ok("1 ms"));
    probed.answer(0, Role::Liveness, Ok(""));
    assert_eq!(probed.answer(1_000, Role::Liveness, REFUSED).1, Health::Degraded);
    assert_eq!(probed.answer(2_000, Role::Liveness, Ok("")).1, Health::Healthy);
    assert_eq!(probed.machine.view().detail, "healthy · 1 ms");
    assert_eq!(probed.answer(3_000, Role::Liveness, REFUSED).1, Health::Degraded);
    probed.machine.step(3_000, Input::Configure(Box::new(settings(RestartPolicy::Always))));
    assert_eq!(probed.machine.view().health, Health::Healthy);
}

#[test]
fn a_startup_probe_holds_the_others_back() {
    let mut probed = Probed::new(|settings| {
        settings.startup = Some(CheckSettings::default());
        settings.liveness = Some(CheckSettings::default());
    });
    for now in (0..20_000).step_by(100) {
        assert_eq!(probed.answer(now, Role::Startup, REFUSED), (Phase::Starting, Health::Starting));
    }
    probed.answer(20_000, Role::Startup, Ok(""));
    assert_eq!(probed.answer(20_000, Role::Readiness, Ok("")), (Phase::Running, Health::Healthy));
    probed.answer(20_000, Role::Liveness, Ok(""));
    assert_eq!(probed.machine.deadline(), Some(25_000));
}

#[test]
fn a_startup_probe_that_fails_for_too_long_starts_it_anew() {
    let mut probed = Probed::new(|settings| {
        settings.startup =
            Some(CheckSettings { start_period: 1_000, failure_threshold: 2, ..CheckSettings::default() });
    });
    probed.answer(999, Role::Startup, REFUSED);
    probed.answer(1_100, Role::Startup, REFUSED);
    probed.machine.step(2_100, Input::Tick);
    let effects = probed.effects(2_100, Role::Startup, Err("refused".to_owned().into()));
    assert_eq!(effects, [Effect::Signal { run: 1, signal: 15, everything: false }]);
    let view = probed.machine.view();
    assert_eq!((view.phase, &*view.detail), (Phase::Stopping, "its startup probe failed: refused"));
    probed.machine.step(2_200, Input::Exited { run: 1, exit: exit(0) });
    let effects = probed.machine.step(2_200, Input::Swept { run: 1, left: Ok(0) });
    let counts = Counts { restarts: 1, failures: 1 };
    let ended = Effect::Ended { run: 1, exit: exit(0), then: Then::Retry { at: 2_200 }, counts };
    assert_eq!(effects, [ended, Effect::Spawn { run: 2, counts }], "a clean exit is a failure all the same");
}

#[test]
fn liveness_is_asked_once_it_is_ready_and_starts_it_anew() {
    let liveness = CheckSettings { interval: 1_000, ..CheckSettings::default() };
    let mut probed = Probed::new(|settings| settings.liveness = Some(liveness));
    probed.answer(0, Role::Readiness, Ok(""));
    probed.answer(0, Role::Liveness, Ok(""));
    for now in [1_000, 2_000] {
        assert_eq!(probed.answer(now, Role::Liveness, REFUSED), (Phase::Running, Health::Degraded));
        assert_eq!(probed.machine.view().detail, "degraded: its liveness probe failed: refused");
    }
    assert_eq!(probed.answer(3_000, Role::Liveness, Err("hangs")).0, Phase::Stopping);
    probed.machine.step(3_100, Input::Exited { run: 1, exit: exit(0) });
    probed.machine.step(3_100, Input::Swept { run: 1, left: Ok(0) });
    let told: Vec<_> = probed.machine.take_notes().map(|note| note.text).collect();
    assert_eq!(told[2], "ended to be started anew: its liveness probe failed: hangs");
}

#[test]
fn a_crash_loop_by_liveness_names_the_probe() {
    let mut settings = settings(RestartPolicy::OnFailure);
    settings.restart.max = 0;
    settings.liveness =
        Some(CheckSettings { failure_threshold: 1, start_period: 0, ..CheckSettings::default() });
    settings.readiness = None;
    let mut machine = Machine::new(settings, 1);
    machine.step(0, Input::Start);
    machine.step(0, Input::Spawned { run: 1, pid: 42 });
    assert_eq!((machine.view().phase, machine.view().detail), (Phase::Running, "running".to_owned()));
    machine.step(0, Input::Tick);
    machine.step(0, Input::Probed { run: 1, role: Role::Liveness, result: Err("hangs".to_owned().into()) });
    machine.step(1, Input::Exited { run: 1, exit: exit(0) });
    machine.step(2, Input::Swept { run: 1, left: Ok(0) });
    let view = machine.view();
    assert_eq!(view.phase, Phase::CrashLooping);
    assert_eq!(view.detail, "its liveness probe failed: hangs");
}

#[test]
fn what_lasts_is_asked_no_more() {
    let lasting = CheckSettings { lasts: true, ..CheckSettings::default() };
    let mut probed = Probed::new(|settings| settings.readiness = Some(lasting));
    probed.answer(0, Role::Readiness, REFUSED);
    probed.answer(75, Role::Readiness, Ok(""));
    assert_eq!(probed.machine.deadline(), None);
}

#[test]
fn a_stranger_on_the_port_is_a_problem_as_long_as_it_is_there() {
    let mut probed = Probed::new(|_| {});
    let problem = Problem::new(ErrorCode::PortTaken, "port 8080 is answered by nginx");
    probed.machine.step(0, Input::Tick);
    probed.effects(0, Role::Readiness, Err(problem.clone().into()));
    let view = probed.machine.view();
    assert_eq!((view.phase, view.health, view.problem), (Phase::Starting, Health::Starting, Some(problem)));
    probed.answer(75, Role::Readiness, Ok(""));
    assert_eq!(probed.machine.view().problem, None);
}

#[test]
fn that_nobody_can_tell_how_it_is_counts_neither_way() {
    let mut probed = Probed::new(|_| {});
    probed.answer(0, Role::Readiness, Ok(""));
    let away = || Problem::new(ErrorCode::ResourceUnreachable, "the Docker engine doesn't answer");
    for now in [5_000, 6_000, 7_000, 8_000, 9_000] {
        probed.machine.step(now, Input::Tick);
        probed.effects(now, Role::Readiness, Err(away().into()));
        let view = probed.machine.view();
        assert_eq!((view.phase, view.health), (Phase::Running, Health::Unknown));
        assert_eq!(view.detail, "not known: the Docker engine doesn't answer");
    }
    assert_eq!(probed.answer(10_000, Role::Readiness, Ok("")), (Phase::Running, Health::Healthy));
    let told: Vec<_> = probed.machine.take_notes().map(|note| note.text).collect();
    assert_eq!(told.len(), 4, "started, ready, not ready, ready: {told:?}");
}
