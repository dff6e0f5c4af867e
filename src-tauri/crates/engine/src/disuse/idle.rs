//! Theory of operation: what was not used for its limit is due to be paused, but never before its user was told and had
//! the time to object, never while something is being done with it, and at most so often a day, however often it is
//! resumed: each pause and each way back takes minutes, and a vendor's patience. Pure: it is told the time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{Moment, millis};

/// How long before a pause it is told, at most; a quarter of a limit that is shorter.
const WARNING: Duration = Duration::from_secs(10 * 60);

const DAY: Moment = 24 * 60 * 60 * 1000;

/// As many pauses come by themselves within a day.
const MOST: usize = 4;

/// One resource, from the moment when it was seen to run.
#[derive(Debug, Clone)]
pub struct Idle {
    limit: Moment,
    used: Moment,
    told: Option<Moment>,
    pauses: VecDeque<Moment>,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// Its user is told that it will be paused in so long.
    Tell(Duration),
    Pause,
}

impl Idle {
    #[must_use]
    pub fn new(limit: Duration, now: Moment) -> Self {
        Self { limit: millis(limit), used: now, told: None, pauses: VecDeque::new() }
    }

    pub fn limit(&mut self, limit: Duration) {
        self.limit = millis(limit);
    }

    /// It is used, or its user wants it to run on.
    pub fn used(&mut self, now: Moment) {
        (self.used, self.told) = (self.used.max(now), None);
    }

    /// `busy`: something is being done with it that a pause would break.
    pub fn due(&mut self, now: Moment, busy: bool) -> Due {
        let warning = millis(WARNING).min(self.limit / 4);
        while self.pauses.front().is_some_and(|pause| pause + DAY <= now) {
            self.pauses.pop_front();
        }
        let is_idle = now >= self.used + self.limit - warning;
        if busy || !is_idle || self.pauses.len() >= MOST {
            self.told = None;
            return Due::Nothing;
        }
        let Some(told) = self.told else {
            self.told = Some(now);
            return Due::Tell(Duration::from_millis(
                warning.max((self.used + self.limit).saturating_sub(now)),
            ));
        };
        if now < (self.used + self.limit).max(told + warning) {
            return Due::Nothing;
        }
        self.pauses.push_back(now);
        self.used(now);
        Due::Pause
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Moment = 60_000;

    #[test]
    fn what_is_not_used_is_told_of_and_then_paused() {
        let mut idle = Idle::new(Duration::from_secs(2 * 3600), 0);
        assert_eq!(idle.due(109 * MINUTE, false), Due::Nothing);
        assert_eq!(idle.due(110 * MINUTE, false), Due::Tell(Duration::from_secs(600)));
        assert_eq!(idle.due(119 * MINUTE, false), Due::Nothing);
        assert_eq!(idle.due(120 * MINUTE, false), Due::Pause);
        assert_eq!(idle.due(121 * MINUTE, false), Due::Nothing);
    }

    #[test]
    fn whoever_wants_it_to_run_on_has_it_for_the_whole_time_again() {
        let mut idle = Idle::new(Duration::from_secs(3600), 0);
        assert!(matches!(idle.due(50 * MINUTE, false), Due::Tell(_)));
        idle.used(55 * MINUTE);
        assert_eq!(idle.due(100 * MINUTE, false), Due::Nothing);
        assert!(matches!(idle.due(105 * MINUTE, false), Due::Tell(_)));
    }

    #[derive(Debug, Clone)]
    enum Deed {
        Use,
        Look { busy: bool },
    }

    fn deeds() -> impl Strategy<Value = Vec<(Moment, Deed)>> {
        let deed = prop_oneof![
            1 => Just(Deed::Use),
            8 => prop::bool::weighted(0.1).prop_map(|busy| Deed::Look { busy }),
        ];
        prop::collection::vec((1_000_u64..40 * MINUTE, deed), 1..200)
    }

    proptest! {
        /// Whatever happens when, and however rarely it is looked.
        #[test]
        fn no_pause_comes_untold_too_soon_too_often_or_amid_something(minutes in 1_u64..300, deeds in deeds()) {
            let limit = minutes * MINUTE;
            let warning = (10 * MINUTE).min(limit / 4);
            let mut idle = Idle::new(Duration::from_millis(limit), 0);
            let (mut now, mut used, mut told, mut pauses) = (0, 0, None, vec![]);
            for (after, deed) in deeds {
                now += after;
                let Deed::Look { busy } = deed else {
                    (used, told) = (now, None);
                    idle.used(now);
                    continue;
                };
                match idle.due(now, busy) {
                    Due::Nothing => {}
                    Due::Tell(_) => told = Some(now),
                    Due::Pause => {
                        prop_assert!(!busy && now - used >= limit);
                        prop_assert!(told.is_some_and(|told| now - told >= warning && told > used));
                        pauses.push(now);
                        let of_a_day = pauses.iter().filter(|pause| **pause + DAY > now).count();
                        prop_assert!(of_a_day <= MOST);
                        (used, told) = (now, None);
                    }
                }
                if busy {
                    told = None;
                }
            }
        }
    }
}
