use std::time::Duration;

use crate::clock::millis;
use crate::config::{RestartPolicy, RestartSpec, StopSpec};

/// Between two probes until the first success.
const FAST_PROBE: Duration = Duration::from_millis(75);

/// A process that lived this long since it was ready is stable: its next crash starts the backoff anew.
const STABLE: Duration = Duration::from_secs(10);

/// The second delay of a backoff whose first is zero.
const SECOND_DELAY: Duration = Duration::from_secs(1);

/// How one thing is to be supervised. Durations in milliseconds where the name says nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub restart: RestartSpec,
    pub stop: StopSpec,
    pub fast_probe: u64,
    pub probe_interval: u64,
    pub success_threshold: u32,
    pub failure_threshold: u32,
    pub start_period: u64,
    pub stable: u64,
}

impl Settings {
    #[must_use]
    pub fn new(restart: RestartSpec, stop: StopSpec) -> Self {
        Self {
            restart,
            stop,
            fast_probe: millis(FAST_PROBE),
            probe_interval: 5_000,
            success_threshold: 1,
            failure_threshold: 3,
            start_period: 30_000,
            stable: millis(STABLE),
        }
    }

    pub(super) fn grace(&self) -> u64 {
        millis(self.stop.grace)
    }

    /// The delay before the restart that follows this many failures in a row, counted from 1.
    pub(super) fn delay(&self, failures: u32) -> u64 {
        let (initial, longest) = (self.restart.backoff.initial, self.restart.backoff.longest);
        let (base, doublings) = if initial.is_zero() {
            if failures <= 1 {
                return 0;
            }
            (SECOND_DELAY, failures - 2)
        } else {
            (initial, failures.saturating_sub(1))
        };
        // 2^20 seconds is beyond any limit that a person would set.
        millis(base.saturating_mul(1 << doublings.min(20)).min(longest))
    }

    pub(super) fn restarts_after(&self, clean: bool) -> bool {
        match self.restart.policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => !clean,
            RestartPolicy::Never => false,
        }
    }
}
