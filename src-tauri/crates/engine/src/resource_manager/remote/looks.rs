//! How it is, asked by one request at a time.
//!
//! Theory of operation: whoever wants to know waits for a look. One that is young enough is shared; else the first who
//! asks has one sent, by a task of its own, so that an asker that gives up stops nothing and makes nobody ask again. A
//! start or an end that was sent makes all that was seen before worthless, that of a look on its way too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::{Kind, Trouble};
use super::seen::{Means, Seen};

/// Between two looks while something is changing.
pub const CHANGING: Duration = Duration::from_secs(2);

/// While nothing is.
pub const STEADY: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Look<F> {
    pub begun: Instant,
    pub found: Result<Seen<F>, Trouble>,
    /// Until when it is not asked again.
    pub good_until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As often as is polite.
    Polite,
    /// Begun after it was asked for.
    Fresh,
}

/// The time between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    pub changing: Duration,
    pub steady: Duration,
}

impl Default for Every {
    fn default() -> Self {
        Self { changing: CHANGING, steady: STEADY }
    }
}

#[derive(Debug)]
pub struct Looks<F> {
    every: Every,
    state: Mutex<State<F>>,
    /// Counts what makes a look worth waiting for again: that one is done, or that all before are worthless.
    told: watch::Sender<u64>,
}

#[derive(Debug)]
struct State<F> {
    last: Option<Arc<Look<F>>>,
    is_asking: bool,
    /// Of what was seen before, nothing counts.
    generation: u64,
    /// A start or an end was sent: it is changing, whatever it says, until it says that it does.
    is_changing: bool,
    failures: u32,
}

impl<F> Looks<F> {
    pub fn new(every: Every) -> Self {
        let state = State { last: None, is_asking: false, generation: 0, is_changing: false, failures: 0 };
        Self { every, state: Mutex::new(state), told: watch::Sender::new(0) }
    }
}

impl<F: Send + Sync + 'static> Looks<F> {
    /// What was seen, or is by `ask`.
    pub async fn look(
        self: &Arc<Self>,
        freshness: Freshness,
        ask: impl Fn() -> BoxFuture<'static, Result<Seen<F>, Trouble>>,
    ) -> Arc<Look<F>> {
        let asked = Instant::now();
        let mut told = self.told.subscribe();
        loop {
            told.mark_unchanged();
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let is_good = |look: &Arc<Look<F>>| match freshness {
                    Freshness::Polite => Instant::now() < look.good_until,
                    Freshness::Fresh => look.begun >= asked,
                };
                if let Some(look) = state.last.as_ref().filter(|look| is_good(look)) {
                    return Arc::clone(look);
                }
                if !state.is_asking {
                    state.is_asking = true;
                    let (looks, generation, asked) = (Arc::clone(self), state.generation, ask());
                    tokio::spawn(async move {
                        let asking = Asking(&looks);
                        let begun = Instant::now();
                        let found = asked.await;
                        looks.note(generation, begun, found);
                        drop(asking);
                    });
                }
            }
            // An error can't be: this very value holds the sender.
            let _ = told.changed().await;
        }
    }

    /// A start or an end was sent.
    pub fn disturb(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.generation += 1;
        state.last = None;
        state.is_changing = true;
        drop(state);
        self.told.send_modify(|count| *count += 1);
    }

    /// Waits until it is worth to look again, after this one.
    pub async fn due(&self, look: &Look<F>) {
        let mut told = self.told.subscribe();
        let generation = || self.state.lock().unwrap_or_else(PoisonError::into_inner).generation;
        let before = generation();
        let disturbed = async {
            while generation() == before {
                let _ = told.changed().await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep_until(look.good_until) => {}
            () = disturbed => {}
        }
    }

    fn note(&self, generation: u64, begun: Instant, found: Result<Seen<F>, Trouble>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation != generation {
            return;
        }
        state.failures = if found.is_err() { state.failures + 1 } else { 0 };
        if matches!(&found, Ok(seen) if seen.means == Means::Running) {
            state.is_changing = false;
        }
        let good_until = Instant::now() + self.every.after(&found, state.is_changing, state.failures);
        state.last = Some(Arc::new(Look { begun, found, good_until }));
    }
}

/// Whatever becomes of the asking, the next one is not kept from it.
struct Asking<'l, F>(&'l Looks<F>);

impl<F> Drop for Asking<'_, F> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).is_asking = false;
        self.0.told.send_modify(|count| *count += 1);
    }
}

impl Every {
    fn after<F>(self, found: &Result<Seen<F>, Trouble>, is_changing: bool, failures: u32) -> Duration {
        match found {
            Ok(seen) if seen.means.is_changing() => self.changing,
            Ok(_) if is_changing => self.changing,
            Ok(_) => self.steady,
            // Nothing that one could wait for.
            Err(trouble) if trouble.kind == Kind::Credential => self.steady,
            Err(_) => {
                (self.changing * 2_u32.saturating_pow(failures.saturating_sub(1).min(8))).min(self.steady)
            }
        }
    }
}
