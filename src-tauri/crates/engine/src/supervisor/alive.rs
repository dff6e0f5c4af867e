use kinfra_rpc::{Health, Phase};

use super::message::Adopted;
use super::settings::Settings;
use super::unit::ProbeResult;
use super::view::View;
use crate::clock::Moment;

/// A process that is there, and what its probes say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alive {
    pub(super) run: u64,
    pub(super) pid: u32,
    pub(super) started_at: Moment,
    /// Ready at least once.
    pub(super) ready_since: Option<Moment>,
    pub(super) health: Health,
    successes: u32,
    failures: u32,
    pub(super) probe_at: Moment,
    pub(super) probing: bool,
    last_probe: String,
}

impl Alive {
    pub(super) fn new(run: u64, pid: u32, started_at: Moment, now: Moment) -> Self {
        Self {
            run,
            pid,
            started_at,
            ready_since: None,
            health: Health::Starting,
            successes: 0,
            failures: 0,
            probe_at: now,
            probing: false,
            last_probe: String::new(),
        }
    }

    /// It was ready once, as far as anybody knows, so a probe that fails counts.
    pub(super) fn adopted(Adopted { run, pid, started_at, .. }: Adopted, now: Moment) -> Self {
        Self { ready_since: Some(now), health: Health::Unknown, ..Self::new(run, pid, started_at, now) }
    }

    /// Takes the outcome of a probe, and says when the next one is due.
    pub(super) fn judge(&mut self, now: Moment, result: ProbeResult, settings: &Settings) {
        self.probing = false;
        match result {
            Ok(word) => {
                self.failures = 0;
                self.successes += 1;
                self.last_probe = word;
                if self.health == Health::Healthy || self.successes >= settings.success_threshold {
                    self.health = Health::Healthy;
                    self.ready_since.get_or_insert(now);
                }
            }
            Err(reason) => {
                self.successes = 0;
                self.last_probe = reason;
                let starting = self.ready_since.is_none() && now < self.started_at + settings.start_period;
                if !starting {
                    self.failures += 1;
                }
                if self.failures >= settings.failure_threshold {
                    self.health = Health::Unhealthy;
                }
            }
        }
        let steady =
            self.health == Health::Healthy || self.ready_since.is_none() && self.health == Health::Unhealthy;
        self.probe_at = now + if steady { settings.probe_interval } else { settings.fast_probe };
        if self.health == Health::Unhealthy && self.ready_since.is_some() {
            self.probe_at = now + settings.probe_interval.min(1_000);
        }
    }

    pub(super) fn show(&self, view: &mut View) {
        view.pid = Some(self.pid);
        view.started_at = Some(self.started_at);
        view.health = self.health;
        view.phase = match (self.ready_since, self.health) {
            (None, Health::Starting) => Phase::Starting,
            _ => Phase::Running,
        };
        view.detail = match self.health {
            Health::Healthy if self.last_probe.is_empty() => "healthy".to_owned(),
            Health::Healthy => format!("healthy · {}", self.last_probe),
            Health::Starting if self.last_probe.is_empty() => "starting".to_owned(),
            Health::Starting => format!("starting: {}", self.last_probe),
            Health::Unknown => "running, not probed yet".to_owned(),
            Health::Degraded | Health::Unhealthy => format!("unhealthy: {}", self.last_probe),
        };
    }
}
