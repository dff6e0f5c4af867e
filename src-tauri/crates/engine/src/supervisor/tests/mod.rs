mod life;
mod limits;
mod probes;
mod properties;

use std::time::Duration;

use kinfra_rpc::{ErrorCode, Exit, Health, Phase, Problem};

use super::check::Role;
use super::machine::Machine;
use super::message::{Adopted, Counts, Effect, Input, Resumed, Then};
use super::settings::{CheckSettings, Settings};
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

fn spawn(run: u64) -> Effect {
    Effect::Spawn { run, counts: Counts::default() }
}

fn good(run: u64) -> Input {
    Input::Probed { run, role: Role::Readiness, result: Ok(String::new()) }
}

fn failed(run: u64) -> Input {
    Input::Probed { run, role: Role::Readiness, result: Err("refused".to_owned().into()) }
}

fn failures(run: u64) -> u32 {
    u32::try_from(run).unwrap()
}

/// A machine whose first process is up and healthy at 100 ms.
fn healthy(policy: RestartPolicy) -> Machine {
    let mut machine = machine(policy);
    assert_eq!(machine.step(0, Input::Start), [spawn(1)]);
    machine.step(10, Input::Spawned { run: 1, pid: 42 });
    assert_eq!(machine.step(10, Input::Tick), [Effect::Probe { run: 1, role: Role::Readiness }]);
    machine.step(100, good(1));
    assert_eq!(machine.view().health, Health::Healthy);
    machine
}
