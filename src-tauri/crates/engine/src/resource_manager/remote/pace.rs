//! When a request may be sent.
//!
//! Theory of operation: the times of all requests that were sent with one credential to one API are remembered for as
//! long as its limit counts them. A request waits until the one before it by as many as are allowed has left that span.
//! The API may ask for a pause, which holds for all of them. Whoever would have to wait longer than it wants to is told
//! how long, and sends nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::rate::Rate;

/// Of an API that says *too many requests* and not how long that holds.
pub const UNNAMED: Duration = Duration::from_secs(10);

/// A pause that is longer is a mistake, or somebody else who answers.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
pub struct Pace(Mutex<Sent>);

#[derive(Debug, Default)]
struct Sent {
    times: VecDeque<Instant>,
    paused_until: Option<Instant>,
    /// The longest span of any limit that was asked for.
    span: Duration,
}

impl Pace {
    /// Waits until one more request may be sent, which then counts as sent.
    ///
    /// # Errors
    /// When that would take longer than this patience: how long.
    pub async fn turn(&self, rate: Rate, patience: Duration) -> Result<(), Duration> {
        let end = Instant::now() + patience;
        loop {
            let Some(at) = self.try_turn(rate) else { return Ok(()) };
            if at > end {
                return Err(at - Instant::now());
            }
            sleep_until(at).await;
        }
    }

    /// None: it counts as sent. Else when to try again.
    fn try_turn(&self, rate: Rate) -> Option<Instant> {
        let now = Instant::now();
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is sent late and arrives late would fall into another span over there.
        let span = rate.span + rate.span / 20;
        sent.span = sent.span.max(span);
        while sent.times.front().is_some_and(|time| *time + sent.span <= now) {
            sent.times.pop_front();
        }
        let before = sent.times.len().checked_sub(rate.times.get() as usize);
        let free = before.and_then(|index| sent.times.get(index)).map(|time| *time + span);
        let at = free.max(sent.paused_until).filter(|at| *at > now);
        if at.is_none() {
            sent.times.push_back(now);
        }
        at
    }

    /// Nothing more is sent for so long.
    pub fn pause(&self, time: Duration) {
        let until = Instant::now() + time.min(LONGEST);
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.paused_until = sent.paused_until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn rate(times: u32, seconds: u64) -> Rate {
        Rate { times: NonZeroU32::new(times).unwrap(), span: Duration::from_secs(seconds) }
    }

    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    proptest! {
        /// However many ask, at whatever times, and however often the API asks for a pause.
        #[test]
        fn no_span_of_time_holds_more_requests_than_are_allowed(
            times in 1_u32..6, seconds in 1_u64..90,
            asked in prop::collection::vec((0_u64..40_000, prop::option::weighted(0.1, 0_u64..30)), 1..60),
        ) {
            let rate = rate(times, seconds);
            let (sent, pauses) = paused().block_on(async {
                let pace = Arc::new(Pace::default());
                let (mut sent, mut pauses, mut waiting) = (vec![], vec![], tokio::task::JoinSet::new());
                for (millis, pause) in asked {
                    tokio::time::sleep(Duration::from_millis(millis % 3000)).await;
                    if let Some(pause) = pause {
                        let pause = Duration::from_secs(pause);
                        pace.pause(pause);
                        pauses.push((Instant::now(), Instant::now() + pause));
                    }
                    let pace = Arc::clone(&pace);
                    waiting.spawn(async move {
                        let turn = pace.turn(rate, Duration::from_millis(millis)).await;
                        turn.is_ok().then(Instant::now)
                    });
                }
                while let Some(done) = waiting.join_next().await {
                    sent.extend(done.unwrap());
                }
                (sent, pauses)
            });
            let mut sent = sent;
            sent.sort();
            for window in sent.windows(times as usize + 1) {
                prop_assert!(window[times as usize] - window[0] >= rate.span, "{:?}", window);
            }
            for (from, until) in pauses {
                prop_assert!(!sent.iter().any(|at| *at > from && *at < until), "{sent:?} within {from:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_would_wait_too_long_is_told_how_long() {
        let pace = Pace::default();
        assert_eq!(pace.turn(rate(1, 100), Duration::ZERO).await, Ok(()));
        let wait = pace.turn(rate(1, 100), Duration::from_secs(5)).await.unwrap_err();
        assert!(wait > Duration::from_secs(100) && wait <= Duration::from_secs(105), "{wait:?}");
        pace.pause(Duration::from_secs(300));
        assert!(pace.turn(rate(9, 1), Duration::from_secs(5)).await.unwrap_err() > Duration::from_secs(299));
    }
}
