use std::time::Duration;

use crate::clock::millis;
use crate::config::{RestartPolicy, RestartSpec, StopSpec};

/// Between the first two probes: most programs listen within some milliseconds.
const FIRST: Duration = Duration::from_millis(1);

/// Between two probes until the first success, at most.
const FAST: Duration = Duration::from_millis(75);

/// A process that lived this long since it was ready is stable: its next crash starts the backoff anew.
const STABLE: Duration = Duration::from_secs(10);

/// The second delay of a backoff whose first is zero.
const SECOND_DELAY: Duration = Duration::from_secs(1);

/// A delay is up to this part longer or shorter than the backoff says, so that what failed together doesn't come
/// back together.
const JITTER: f64 = 0.2;

/// How one thing is to be supervised. Durations in milliseconds where the name says nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub restart: RestartSpec,
    pub stop: StopSpec,
    pub startup: Option<CheckSettings>,
    /// None: it is running when it was spawned, and nobody asks how it is: a task.
    pub readiness: Option<CheckSettings>,
    pub liveness: Option<CheckSettings>,
    pub stable: u64,
    /// Makes the jitter of each supervised thing its own, and repeatable.
    pub seed: u64,
}

/// When one kind of probe is asked, and what its answers mean. Durations in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckSettings {
    /// The first pause while it starts, doubled each time up to `fast`.
    pub first: u64,
    pub fast: u64,
    pub interval: u64,
    pub success_threshold: u32,
    pub failure_threshold: u32,
    pub start_period: u64,
    /// A success stays true for the whole run, so it is not asked again.
    pub lasts: bool,
}

/// What a configuration that says nothing means.
impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            first: millis(FIRST),
            fast: millis(FAST),
            interval: 5_000,
            success_threshold: 1,
            failure_threshold: 3,
            start_period: 30_000,
            lasts: false,
        }
    }
}

impl Settings {
    #[must_use]
    pub fn new(restart: RestartSpec, stop: StopSpec) -> Self {
        Self {
            restart,
            stop,
            startup: None,
            readiness: Some(CheckSettings::default()),
            liveness: None,
            stable: millis(STABLE),
            seed: 0,
        }
    }

    pub(super) fn grace(&self) -> u64 {
        millis(self.stop.grace)
    }

    /// The delay before run number `run`, which follows this many failures in a row, counted from 1. Never longer
    /// than the longest, and never later than at once where the backoff says so.
    pub(super) fn delay(&self, failures: u32, run: u64) -> u64 {
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
        let delay = base.saturating_mul(1 << doublings.min(20)).min(longest);
        millis(delay.mul_f64(1.0 + JITTER * spread(self.seed ^ run)).min(longest))
    }

    pub(super) fn restarts_after(&self, clean: bool) -> bool {
        match self.restart.policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => !clean,
            RestartPolicy::Never => false,
        }
    }
}

/// From -1 to 1, evenly: one step of SplitMix64.
fn spread(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // The upper half alone: 32 bits are exact in a double.
    #[allow(clippy::cast_possible_truncation)]
    let upper = (mixed >> 32) as u32;
    f64::from(upper) / f64::from(u32::MAX) * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Backoff;

    fn settings(initial: u64, seed: u64) -> Settings {
        let backoff = Backoff { initial: Duration::from_millis(initial), longest: Duration::from_secs(30) };
        let restart = RestartSpec { policy: RestartPolicy::Always, max: 5, backoff };
        let stop = StopSpec { signal: 15, grace: Duration::from_secs(10) };
        Settings { seed, ..Settings::new(restart, stop) }
    }

    #[test]
    fn delays_double_with_some_jitter_and_end_at_the_longest() {
        for seed in 0..1_000 {
            let settings = settings(0, seed);
            assert_eq!(settings.delay(1, 2), 0);
            for (failures, plain) in [(2, 1_000.0), (3, 2_000.0), (4, 4_000.0), (9, 128_000.0_f64)] {
                #[allow(clippy::cast_precision_loss)]
                let delay = settings.delay(failures, 3) as f64;
                let (least, most) = ((plain.min(30_000.0)) * 0.8, (plain * 1.2).min(30_000.0));
                assert!((least.floor()..=most).contains(&delay), "{failures} failures, seed {seed}: {delay}");
            }
        }
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let delays: std::collections::BTreeSet<u64> =
            (0..100).map(|seed| settings(1_000, seed).delay(1, 2)).collect();
        assert!(delays.len() > 80, "{} different delays of 100", delays.len());
        assert_eq!(settings(1_000, 7).delay(1, 2), settings(1_000, 7).delay(1, 2));
    }
}
