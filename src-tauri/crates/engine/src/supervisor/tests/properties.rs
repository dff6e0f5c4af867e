use proptest::prelude::*;

use super::*;

/// With a startup, a readiness and a liveness probe, or without.
fn probing(mut settings: Settings, [startup, readiness, liveness]: [bool; 3]) -> Settings {
    let check = |is_there: bool| is_there.then(CheckSettings::default);
    (settings.startup, settings.readiness, settings.liveness) =
        (check(startup), check(readiness), check(liveness));
    settings
}

/// The world around a machine, as adversarial as the inputs say: effects are answered late, in any order.
#[derive(Default)]
struct World {
    spawning: Vec<u64>,
    alive: Vec<u64>,
    sweeping: Vec<u64>,
    probing: Vec<(u64, Role)>,
}

#[derive(Debug, Clone)]
enum Event {
    Start,
    Stop,
    Restart,
    Kill,
    Pass(u64),
    Answer(bool),
    Die(i32),
    Probe(bool),
    Sweep(bool),
    /// Nobody could look.
    Blind,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Start),
        2 => Just(Event::Stop),
        1 => Just(Event::Restart),
        1 => Just(Event::Kill),
        3 => (0_u64..20_000).prop_map(Event::Pass),
        4 => any::<bool>().prop_map(Event::Answer),
        3 => (0_i32..2).prop_map(Event::Die),
        4 => any::<bool>().prop_map(Event::Probe),
        4 => any::<bool>().prop_map(Event::Sweep),
        1 => Just(Event::Blind),
    ]
}

impl World {
    fn input(&mut self, event: &Event) -> Option<Input> {
        Some(match event {
            Event::Start => Input::Start,
            Event::Stop => Input::Stop,
            Event::Restart => Input::Restart,
            Event::Kill => Input::Kill,
            Event::Pass(_) => Input::Tick,
            Event::Answer(true) => {
                let run = self.spawning.pop()?;
                self.alive.push(run);
                Input::Spawned { run, pid: 42 }
            }
            Event::Answer(false) => {
                let run = self.spawning.pop()?;
                Input::SpawnFailed { run, problem: Problem::new(ErrorCode::CommandNotFound, "no") }
            }
            Event::Die(code) => Input::Exited { run: self.alive.pop()?, exit: exit(*code) },
            Event::Probe(good) => {
                let result = if *good { Ok(String::new()) } else { Err("refused".to_owned().into()) };
                let (run, role) = self.probing.pop()?;
                Input::Probed { run, role, result }
            }
            Event::Sweep(clean) => Input::Swept { run: self.sweeping.pop()?, left: Ok(usize::from(!clean)) },
            Event::Blind => {
                let problem = Problem::new(ErrorCode::KeeperLost, "no keeper");
                Input::Swept { run: self.sweeping.pop()?, left: Err(problem) }
            }
        })
    }

    fn carry_out(&mut self, effects: &[Effect]) {
        for effect in effects {
            match *effect {
                Effect::Spawn { run, .. } => self.spawning.push(run),
                Effect::Probe { run, role } => self.probing.push((run, role)),
                Effect::Sweep { run } => self.sweeping.push(run),
                Effect::Signal { .. } | Effect::Ended { .. } | Effect::Settled { .. } => {}
            }
        }
    }
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_promises(
        policy in prop_oneof![Just(RestartPolicy::Always), Just(RestartPolicy::OnFailure), Just(RestartPolicy::Never)],
        probed in any::<[bool; 3]>(),
        events in proptest::collection::vec(event(), 1..200),
    ) {
        let mut machine = Machine::new(probing(settings(policy), probed), 1);
        let (mut world, mut now, mut wanted, mut killed) = (World::default(), 0, false, false);
        for event in &events {
            let Some(input) = world.input(event) else { continue };
            if let Event::Pass(time) = event { now += time; }
            let has_come = matches!(input, Input::Spawned { .. });
            let is_blind = matches!(input, Input::Swept { left: Err(_), .. });
            let phase = machine.view().phase;
            match input {
                Input::Start | Input::Kill => killed = input == Input::Kill,
                _ => {}
            }
            match input {
                Input::Start => wanted = true,
                Input::Stop | Input::Kill => wanted = false,
                _ => {}
            }
            let effects = machine.step(now, input);
            if !wanted {
                let spawns = effects.iter().any(|effect| matches!(effect, Effect::Spawn { .. }));
                prop_assert!(!spawns, "restarted after a stop");
            }
            if is_blind {
                prop_assert!(effects.is_empty() && machine.view().phase == phase, "takes not seeing for nothing there");
            }
            if killed && has_come {
                let kills = |effect: &Effect| matches!(effect, Effect::Signal { signal: 9, everything: true, .. });
                prop_assert!(effects.iter().any(kills), "a kill before it was there is forgotten: {:?}", effects);
            }
            let kill_at = machine.view().kill_at;
            prop_assert!(!killed || kill_at.is_none_or(|at| at <= now), "waits until {:?} after a kill", kill_at);
            world.carry_out(&effects);
            prop_assert!(world.spawning.len() + world.alive.len() <= 1, "runs two");
            let probes = world.probing.iter().filter(|(run, _)| world.alive.contains(run)).count();
            prop_assert!(probes <= 1, "two probes of one process at once");
            let view = machine.view();
            let lasting = matches!(view.phase, Phase::Starting | Phase::Running);
            prop_assert!(wanted || !lasting, "{:?} although it is to be stopped", view.phase);
            let is_well = matches!(view.health, Health::Healthy | Health::Degraded);
            prop_assert!(!is_well || !world.alive.is_empty(), "{:?} without a process", view.health);
        }
        // Whatever happened: a start is answered by a process once the old one is gone.
        world.carry_out(&machine.step(now, Input::Start));
        for _ in 0..10 {
            for event in [Event::Die(0), Event::Sweep(true), Event::Pass(40_000)] {
                if matches!(machine.view().phase, Phase::Starting | Phase::Running) { break; }
                if let Event::Pass(time) = event { now += time; }
                if let Some(input) = world.input(&event) {
                    let effects = machine.step(now, input);
                    world.carry_out(&effects);
                }
                world.carry_out(&machine.step(now, Input::Start));
            }
        }
        prop_assert!(!world.spawning.is_empty() || !world.alive.is_empty(), "a start without an answer: {:?}", machine.view());
    }

    #[test]
    fn who_is_ready_is_degraded_from_the_first_failure_that_counts_and_unhealthy_at_the_threshold(
        threshold in 1_u32..5,
        answers in proptest::collection::vec(any::<bool>(), 1..100),
    ) {
        let mut settings = settings(RestartPolicy::Always);
        settings.readiness = Some(CheckSettings { failure_threshold: threshold, ..CheckSettings::default() });
        let mut machine = Machine::new(settings, 1);
        machine.step(0, Input::Start);
        machine.step(0, Input::Spawned { run: 1, pid: 42 });
        let mut failures = 0;
        for good in std::iter::once(true).chain(answers) {
            let now = machine.deadline().unwrap();
            prop_assert_eq!(machine.step(now, Input::Tick), [Effect::Probe { run: 1, role: Role::Readiness }]);
            let result = if good { Ok(String::new()) } else { Err("refused".to_owned().into()) };
            machine.step(now, Input::Probed { run: 1, role: Role::Readiness, result });
            failures = if good { 0 } else { failures + 1 };
            let expected = match failures {
                0 => Health::Healthy,
                some if some < threshold => Health::Degraded,
                _ => Health::Unhealthy,
            };
            prop_assert_eq!((machine.view().phase, machine.view().health), (Phase::Running, expected));
        }
    }

    #[test]
    fn a_stop_ends_in_stopped_with_nothing_alive(
        probed in any::<[bool; 3]>(),
        events in proptest::collection::vec(event(), 1..100),
    ) {
        let mut machine = Machine::new(probing(settings(RestartPolicy::Always), probed), 1);
        let (mut world, mut now) = (World::default(), 0);
        for event in &events {
            let Some(input) = world.input(event) else { continue };
            if let Event::Pass(time) = event { now += time; }
            let effects = machine.step(now, input);
            world.carry_out(&effects);
        }
        world.carry_out(&machine.step(now, Input::Stop));
        for _ in 0..10 {
            for event in [Event::Answer(true), Event::Die(0), Event::Sweep(true), Event::Pass(20_000)] {
                if let Event::Pass(time) = event { now += time; }
                if let Some(input) = world.input(&event) {
                    let effects = machine.step(now, input);
                    world.carry_out(&effects);
                }
            }
        }
        prop_assert!(world.spawning.is_empty() && world.alive.is_empty());
        prop_assert_eq!(machine.view().phase, Phase::Stopped);
    }
}
