//! What is known of one container: from events as they come, and from a look where they may have been missed.
//!
//! Events and looks overtake each other. Both carry the engine's own time, in nanoseconds, and that decides: an end
//! counts if it is later than the start that is known, and a look that saw it run doesn't undo a later end.

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, HealthStatusEnum};
use kinfra_rpc::Exit;

use super::time::nanoseconds;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub id: Option<String>,
    pub run: Run,
    /// None: it has no health check.
    pub health: Option<Health>,
    /// Why it ended, where its exit code doesn't say.
    pub why: Option<String>,
    /// Somebody had sent it a signal when it ended.
    pub was_signalled: bool,
    /// Of this run, before its end.
    killed_by: Option<i32>,
    out_of_memory: bool,
    /// The last end that is known.
    ended_at: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Run {
    /// Nobody has looked.
    #[default]
    Unknown,
    Absent,
    /// None: it never ran.
    Down(Option<Exit>),
    /// Since this time of the engine's.
    Running(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Starting,
    Healthy,
    /// With what the last check printed.
    Unhealthy(String),
}

/// What an event says that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Started,
    Killed(Option<i32>),
    OutOfMemory,
    Died(Option<i32>),
    Destroyed,
    Health(Health),
}

const SIGKILL: i32 = 9;

const NO_MEMORY: &str = "it ran out of memory";

impl Known {
    pub fn hear(&mut self, id: &str, at: u64, said: Said) {
        match said {
            Said::Started => self.started(id, at),
            Said::Destroyed if self.id.as_deref() == Some(id) => {
                if matches!(self.run, Run::Running(_)) {
                    self.ended(Exit { at: at / 1_000_000, ..Exit::default() }, at);
                }
            }
            // Of another container of the same name, which is gone.
            _ if self.id.as_deref().is_some_and(|known| known != id) => {}
            Said::Killed(signal) => self.killed_by = signal,
            // The end may be told before its reason.
            Said::OutOfMemory if matches!(self.run, Run::Down(Some(_))) => {
                self.why = Some(NO_MEMORY.to_owned());
            }
            Said::OutOfMemory => self.out_of_memory = true,
            Said::Died(code) => {
                let later = !matches!(self.run, Run::Running(since) if at < since);
                if later {
                    self.id = Some(id.to_owned());
                    self.ended(Exit { code, signal: None, at: at / 1_000_000 }, at);
                }
            }
            Said::Health(health) => self.health = Some(health),
            Said::Destroyed => {}
        }
    }

    /// Takes over what a look found; it may be older than what was heard meanwhile.
    pub fn look(&mut self, found: Option<&ContainerInspectResponse>) {
        let Some(found) = found else {
            let run = if matches!(self.run, Run::Running(_)) { Run::Down(None) } else { Run::Absent };
            *self = Self { run, why: self.why.take(), ended_at: self.ended_at, ..Self::default() };
            return;
        };
        let state = found.state.clone().unwrap_or_default();
        if found.id != self.id {
            *self = Self { id: found.id.clone(), ..Self::default() };
        }
        let started = state.started_at.as_deref().and_then(nanoseconds).unwrap_or_default();
        let running = state.running.unwrap_or_default();
        if running {
            if self.ended_at > started {
                return;
            }
            self.run = Run::Running(started);
            self.health = state.health.as_ref().and_then(health);
            return;
        }
        let never = state.status == Some(ContainerStateStatusEnum::CREATED) || started == 0;
        if never {
            self.run = Run::Down(None);
            return;
        }
        let finished = state.finished_at.as_deref().and_then(nanoseconds).unwrap_or_default();
        let is_news = match self.run {
            Run::Running(since) => finished >= since,
            // What was heard says more: by which signal.
            Run::Down(Some(_)) => finished > self.ended_at.saturating_add(SAME),
            Run::Unknown | Run::Absent | Run::Down(None) => true,
        };
        if is_news {
            self.out_of_memory = state.oom_killed.unwrap_or_default();
            let code = state.exit_code.and_then(|code| i32::try_from(code).ok());
            self.ended(Exit { code, signal: None, at: finished / 1_000_000 }, finished);
        }
    }

    fn started(&mut self, id: &str, at: u64) {
        if self.ended_at > at {
            return;
        }
        // Where it has no health check, nothing says so but a look.
        let health = self.health.as_ref().map(|_| Health::Starting);
        let ended_at = self.ended_at;
        *self = Self { id: Some(id.to_owned()), run: Run::Running(at), health, ended_at, ..Self::default() };
    }

    fn ended(&mut self, exit: Exit, at: u64) {
        let by = if self.out_of_memory { Some(SIGKILL) } else { self.killed_by };
        // 128 + n is what the engine makes of a signal.
        let signal = by.filter(|signal| exit.code == Some(128 + signal));
        let exit = match signal {
            Some(signal) => Exit { code: None, signal: Some(signal), at: exit.at },
            None => exit,
        };
        self.why = self.out_of_memory.then(|| NO_MEMORY.to_owned());
        self.was_signalled = self.killed_by.is_some();
        (self.killed_by, self.out_of_memory) = (None, false);
        self.run = Run::Down(Some(exit));
        self.ended_at = self.ended_at.max(at);
    }
}

/// An event and a look tell one end with times so far apart, in nanoseconds.
const SAME: u64 = 1_000_000_000;

#[must_use]
pub fn health(said: &bollard::models::Health) -> Option<Health> {
    match said.status? {
        HealthStatusEnum::EMPTY | HealthStatusEnum::NONE => None,
        HealthStatusEnum::STARTING => Some(Health::Starting),
        HealthStatusEnum::HEALTHY => Some(Health::Healthy),
        HealthStatusEnum::UNHEALTHY => Some(Health::Unhealthy(last_output(said))),
    }
}

/// The last line of the last check, which mostly says what is wrong.
fn last_output(said: &bollard::models::Health) -> String {
    let last = said.log.as_ref().and_then(|log| log.last());
    let output = last.and_then(|check| check.output.as_deref()).unwrap_or_default();
    let line = output.lines().rev().map(str::trim).find(|line| !line.is_empty());
    match (line, last.and_then(|check| check.exit_code)) {
        (Some(line), _) => line.to_owned(),
        (None, Some(code)) => format!("its health check ended with exit code {code}"),
        (None, None) => "its health check fails".to_owned(),
    }
}
