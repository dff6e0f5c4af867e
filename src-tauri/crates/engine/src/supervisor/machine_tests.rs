use std::time::Duration;

use kinfra_rpc::{ErrorCode, Exit, Health, Phase, Problem};
use proptest::prelude::*;

use super::machine::Machine;
use super::message::{Adopted, Effect, Input};
use super::settings::Settings;
use crate::config::{Backoff, RestartPolicy, RestartSpec, StopSpec};

fn settings(policy: RestartPolicy) -> Settings {
    let backoff = Backoff { initial: Duration::ZERO, longest: Duration::from_secs(30) };
    let restart = RestartSpec { policy, max: 3, backoff };
    Settings::new(restart, StopSpec { signal: 15, grace: Duration::from_secs(10) })
}

fn machine(policy: RestartPolicy) -> Machine {
    Machine::new(settings(policy), 1)
}

fn exit(code: i32) -> Exit {
    Exit { code: Some(code), signal: None, at: 0 }
}

/// A machine whose first process is up and healthy at 100 ms.
fn healthy(policy: RestartPolicy) -> Machine {
    let mut machine = machine(policy);
    assert_eq!(machine.step(0, Input::Start), [Effect::Spawn { run: 1 }]);
    machine.step(10, Input::Spawned { run: 1, pid: 42 });
    assert_eq!(machine.step(10, Input::Tick), [Effect::Probe { run: 1 }]);
    machine.step(100, Input::Probed { run: 1, result: Ok(String::new()) });
    assert_eq!(machine.view().health, Health::Healthy);
    machine
}

#[test]
fn the_first_restart_comes_at_once_and_later_ones_back_off() {
    let mut machine = healthy(RestartPolicy::Always);
    let mut now = 200;
    let mut delays = vec![];
    for run in 1..=3 {
        machine.step(now, Input::Exited { run, exit: exit(1) });
        let effects = machine.step(now, Input::Swept { run, left: 0 });
        assert_eq!(effects[0], Effect::Ended { run, exit: exit(1) });
        let asked = now;
        if effects.len() == 1 {
            now = machine.deadline().unwrap();
            assert_eq!(machine.view().phase, Phase::Exited);
            assert_eq!(machine.step(now, Input::Tick), [Effect::Spawn { run: run + 1 }]);
        }
        delays.push(now - asked);
        machine.step(now, Input::Spawned { run: run + 1, pid: 43 });
    }
    assert_eq!(delays, [0, 1_000, 2_000]);
    machine.step(now, Input::Exited { run: 4, exit: exit(1) });
    machine.step(now, Input::Swept { run: 4, left: 0 });
    assert_eq!(machine.view().phase, Phase::CrashLooping);
    assert_eq!(machine.view().detail, "exited with code 1, 4 times in a row");
}

#[test]
fn a_stable_time_resets_the_backoff() {
    let mut machine = healthy(RestartPolicy::Always);
    for run in 1..=20 {
        let now = run * 60_000;
        machine.step(now, Input::Exited { run, exit: exit(1) });
        let effects = machine.step(now, Input::Swept { run, left: 0 });
        assert_eq!(effects, [Effect::Ended { run, exit: exit(1) }, Effect::Spawn { run: run + 1 }]);
        machine.step(now, Input::Spawned { run: run + 1, pid: 43 });
        machine.step(now, Input::Tick);
        machine.step(now, Input::Probed { run: run + 1, result: Ok(String::new()) });
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
    assert_eq!(machine.step(310, Input::Swept { run: 1, left: 2 }), [signal]);
    assert_eq!(machine.view().phase, Phase::Stopping);
    assert_eq!(machine.step(350, Input::Tick), [Effect::Sweep { run: 1 }]);
    assert_eq!(machine.step(360, Input::Swept { run: 1, left: 1 }), []);
    assert_eq!(machine.step(10_200, Input::Tick), [Effect::Sweep { run: 1 }]);
    let kill = Effect::Signal { run: 1, signal: 9, everything: true };
    assert_eq!(machine.step(10_201, Input::Swept { run: 1, left: 1 }), [kill]);
    machine.step(10_300, Input::Tick);
    machine.step(10_301, Input::Swept { run: 1, left: 0 });
    assert_eq!(machine.view().phase, Phase::Stopped);
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
fn news_of_an_end_may_come_before_that_of_the_beginning() {
    let mut machine = machine(RestartPolicy::Never);
    machine.step(0, Input::Start);
    assert_eq!(machine.step(1, Input::Exited { run: 1, exit: exit(3) }), []);
    assert_eq!(machine.step(2, Input::Spawned { run: 1, pid: 42 }), [Effect::Sweep { run: 1 }]);
    machine.step(3, Input::Swept { run: 1, left: 0 });
    assert_eq!((machine.view().phase, machine.view().last_exit), (Phase::Exited, Some(exit(3))));
}

#[test]
fn a_start_during_a_stop_starts_again_whatever_the_policy() {
    let mut machine = healthy(RestartPolicy::Never);
    machine.step(200, Input::Stop);
    machine.step(210, Input::Start);
    machine.step(220, Input::Exited { run: 1, exit: exit(0) });
    let effects = machine.step(230, Input::Swept { run: 1, left: 0 });
    assert_eq!(effects, [Effect::Ended { run: 1, exit: exit(0) }, Effect::Spawn { run: 2 }]);
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
fn failures_in_the_start_period_do_not_count_and_later_ones_need_the_threshold() {
    let mut machine = machine(RestartPolicy::Always);
    machine.step(0, Input::Start);
    machine.step(0, Input::Spawned { run: 1, pid: 42 });
    let mut probe = |now, result: Result<String, String>| {
        machine.step(now, Input::Tick);
        machine.step(now, Input::Probed { run: 1, result });
        (machine.view().phase, machine.view().health)
    };
    for now in (0..29_000).step_by(1_000) {
        assert_eq!(probe(now, Err("refused".into())), (Phase::Starting, Health::Starting));
    }
    probe(30_000, Err("refused".into()));
    probe(31_000, Err("refused".into()));
    assert_eq!(probe(32_000, Err("refused".into())), (Phase::Running, Health::Unhealthy));
    assert_eq!(probe(40_000, Ok("1 ms".into())), (Phase::Running, Health::Healthy));
}

#[test]
fn an_adopted_process_is_unknown_until_its_first_probe() {
    let adopted = Adopted { run: 7, pid: 42, started_at: 0, restarts: 2 };
    let mut machine = Machine::adopt(settings(RestartPolicy::Always), 8, adopted, 5);
    let view = machine.view();
    assert_eq!((view.phase, view.health, view.restarts), (Phase::Running, Health::Unknown, 2));
    machine.step(5, Input::Tick);
    machine.step(6, Input::Probed { run: 7, result: Ok(String::new()) });
    assert_eq!(machine.view().health, Health::Healthy);
}

/// The world around a machine, as adversarial as the inputs say: effects are answered late, in any order.
#[derive(Default)]
struct World {
    spawning: Vec<u64>,
    alive: Vec<u64>,
    sweeping: Vec<u64>,
    probing: Vec<u64>,
}

#[derive(Debug, Clone)]
enum Event {
    Start,
    Stop,
    Kill,
    Pass(u64),
    Answer(bool),
    Die(i32),
    Probe(bool),
    Sweep(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Start),
        2 => Just(Event::Stop),
        1 => Just(Event::Kill),
        3 => (0_u64..20_000).prop_map(Event::Pass),
        4 => any::<bool>().prop_map(Event::Answer),
        3 => (0_i32..2).prop_map(Event::Die),
        4 => any::<bool>().prop_map(Event::Probe),
        4 => any::<bool>().prop_map(Event::Sweep),
    ]
}

impl World {
    fn input(&mut self, event: &Event) -> Option<Input> {
        Some(match event {
            Event::Start => Input::Start,
            Event::Stop => Input::Stop,
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
                let result = if *good { Ok(String::new()) } else { Err("refused".into()) };
                Input::Probed { run: self.probing.pop()?, result }
            }
            Event::Sweep(clean) => Input::Swept { run: self.sweeping.pop()?, left: usize::from(!clean) },
        })
    }

    fn carry_out(&mut self, effects: &[Effect]) {
        for effect in effects {
            match *effect {
                Effect::Spawn { run } => self.spawning.push(run),
                Effect::Probe { run } => self.probing.push(run),
                Effect::Sweep { run } => self.sweeping.push(run),
                Effect::Signal { .. } | Effect::Ended { .. } => {}
            }
        }
    }
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_promises(
        policy in prop_oneof![Just(RestartPolicy::Always), Just(RestartPolicy::OnFailure), Just(RestartPolicy::Never)],
        events in proptest::collection::vec(event(), 1..200),
    ) {
        let mut machine = machine(policy);
        let (mut world, mut now, mut wanted) = (World::default(), 0, false);
        for event in &events {
            let Some(input) = world.input(event) else { continue };
            if let Event::Pass(time) = event { now += time; }
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
            world.carry_out(&effects);
            prop_assert!(world.spawning.len() + world.alive.len() <= 1, "runs two");
            let probes = world.probing.iter().filter(|run| world.alive.contains(run)).count();
            prop_assert!(probes <= 1, "two probes of one process at once");
            let view = machine.view();
            let lasting = matches!(view.phase, Phase::Starting | Phase::Running);
            prop_assert!(wanted || !lasting, "{:?} although it is to be stopped", view.phase);
            prop_assert!(view.health != Health::Healthy || !world.alive.is_empty(), "healthy without a process");
        }
        // Whatever happened: a start is answered by a process once the old one is gone.
        world.carry_out(&machine.step(now, Input::Start));
        for _ in 0..10 {
            for event in [Event::Die(0), Event::Sweep(true), Event::Pass(40_000)] {
                if machine.view().phase == Phase::Starting { break; }
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
    fn a_stop_ends_in_stopped_with_nothing_alive(events in proptest::collection::vec(event(), 1..100)) {
        let mut machine = machine(RestartPolicy::Always);
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
