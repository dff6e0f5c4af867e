//! The engine's clock. Nothing else in the engine asks for the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since 1970 by a clock that never goes back nor jumps: the wall's time when the engine started, and
/// what passed since.
pub type Moment = u64;

#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    /// The wall clock at `start`, in milliseconds since 1970.
    wall: u64,
}

impl Clock {
    #[must_use]
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), wall: millis(wall) }
    }

    #[must_use]
    pub fn now(&self) -> Moment {
        self.wall + millis(self.start.elapsed())
    }

    /// When a moment is. One before the engine's start is its start.
    #[must_use]
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + Duration::from_millis(moment.saturating_sub(self.wall))
    }
}

/// A duration in whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
