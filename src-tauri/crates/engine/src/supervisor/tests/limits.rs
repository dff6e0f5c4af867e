//! However a thing fails, it is not started more often than is allowed: a start may destroy, deploy or cost something.

use proptest::prelude::*;

use super::*;

/// What becomes of one start.
#[derive(Debug, Clone)]
enum Fate {
    /// It can't be started at all: that is its end, until its user says otherwise.
    Refused,
    /// It ends by itself so long after its start, having been ready or not.
    Ends { after: u64, code: i32, ready: bool },
    /// It is up and says that it is not well, until its liveness probe has failed.
    Ails,
    /// Nobody can tell how it is for a while; then it ends.
    Unseen { after: u64 },
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        1 => Just(Fate::Refused),
        6 => (0_u64..60_000, 0_i32..3, any::<bool>())
            .prop_map(|(after, code, ready)| Fate::Ends { after, code, ready }),
        3 => Just(Fate::Ails),
        2 => (0_u64..60_000).prop_map(|after| Fate::Unseen { after }),
    ]
}

/// The moments of all starts that follow one wish.
fn starts(settings: Settings, fates: &[Fate]) -> Vec<u64> {
    let mut machine = Machine::new(settings, 1);
    let (mut now, mut starts, mut fates) = (0, vec![], fates.iter());
    let mut effects = machine.step(now, Input::Start);
    loop {
        let spawned = effects.iter().find_map(|effect| match effect {
            Effect::Spawn { run, .. } => Some(*run),
            _ => None,
        });
        let Some(run) = spawned else {
            // What is to come comes with time alone.
            match machine.deadline().filter(|_| machine.view().phase == Phase::Exited) {
                Some(at) => now = at,
                None => return starts,
            }
            effects = machine.step(now, Input::Tick);
            continue;
        };
        starts.push(now);
        let Some(fate) = fates.next() else { return starts };
        if matches!(fate, Fate::Refused) {
            let problem = Problem::new(ErrorCode::ResourceFailed, "no");
            effects = machine.step(now, Input::SpawnFailed { run, problem });
            continue;
        }
        machine.step(now, Input::Spawned { run, pid: 42 });
        let (end, code) = match fate {
            Fate::Ends { after, code, .. } => (now + after, *code),
            Fate::Unseen { after } => (now + after, 1),
            Fate::Ails | Fate::Refused => (now + 600_000, 1),
        };
        while matches!(machine.view().phase, Phase::Starting | Phase::Running) {
            match machine.deadline().filter(|at| *at < end) {
                None => break,
                Some(at) => now = now.max(at),
            }
            for effect in machine.step(now, Input::Tick) {
                let Effect::Probe { run, role } = effect else { continue };
                let away = || Problem::new(ErrorCode::ResourceUnreachable, "away").into();
                let result = match fate {
                    Fate::Ends { ready: true, .. } => Ok(String::new()),
                    Fate::Ails if role == Role::Readiness => Ok(String::new()),
                    Fate::Unseen { .. } => Err(away()),
                    _ => Err("not well".to_owned().into()),
                };
                machine.step(now, Input::Probed { run, role, result });
            }
        }
        now = now.max(end.min(now + 60_000));
        machine.step(now, Input::Exited { run, exit: exit(code) });
        effects = machine.step(now, Input::Swept { run, left: Ok(0) });
    }
}

proptest! {
    #[test]
    fn no_sequence_of_faults_makes_more_starts_than_are_allowed(
        policy in prop_oneof![Just(RestartPolicy::Always), Just(RestartPolicy::OnFailure)],
        liveness in any::<bool>(),
        most in 0_u32..6,
        fates in proptest::collection::vec(fate(), 1..120),
    ) {
        let mut settings = settings(policy);
        settings.restart.max = most;
        settings.liveness = liveness.then(CheckSettings::default);
        let stable = settings.stable;
        let starts = starts(settings, &fates);
        // Only a time of being well makes up for failures: between two of them there are so many starts.
        let allowed = |span: u64| u64::from(most + 1) * (span / stable + 2);
        for (index, from) in starts.iter().enumerate() {
            for (more, until) in starts.iter().enumerate().skip(index) {
                let count = (more - index + 1) as u64;
                prop_assert!(count <= allowed(until - from), "{count} starts in {} ms: {starts:?}", until - from);
            }
        }
    }

    #[test]
    fn what_is_started_only_if_asked_is_started_once(fates in proptest::collection::vec(fate(), 1..20)) {
        prop_assert_eq!(starts(settings(RestartPolicy::Never), &fates).len(), 1);
    }
}
