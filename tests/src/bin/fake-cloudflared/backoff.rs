//! The two waits before a connection is made again. The first is a connection's own, and is in the log. The second one is
//! shared by all that wait, comes after it, and is in no log: it makes a return take a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kinfra_tests::cloudflare::random;
use tokio::time::Instant;

/// A time below this one.
fn below(most: Duration) -> Duration {
    most.mul_f64((random::number() >> 11) as f64 / (1_u64 << 53) as f64)
}

/// Of one connection.
#[derive(Debug)]
pub struct Own {
    exponent: u32,
    most: u32,
}

impl Own {
    pub fn new(retries: u32) -> Self {
        Self { exponent: 1, most: retries + 1 }
    }

    /// After it was connected.
    pub fn reset(&mut self) {
        self.exponent = 0;
    }

    /// The longest that the next wait can be, and how long it is.
    pub fn next(&mut self) -> (Duration, Duration) {
        let longest = Duration::from_secs(1 << self.exponent.min(self.most));
        self.exponent += 1;
        (longest, below(longest))
    }
}

/// Of all connections together.
#[derive(Debug)]
pub struct Shared {
    most: u32,
    state: Mutex<(u32, Option<Instant>)>,
}

impl Shared {
    pub fn new(retries: u32) -> Self {
        Self { most: retries, state: Mutex::default() }
    }

    /// After one was connected.
    pub fn reset(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = 0;
    }

    /// When those who wait go on: all at once.
    pub fn next(&self) -> Instant {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(set) = state.1.filter(|set| *set > now) {
            return set;
        }
        state.0 = (state.0 + 1).min(self.most);
        let set = now + below(Duration::from_secs(10 << state.0));
        state.1 = Some(set);
        set
    }
}
