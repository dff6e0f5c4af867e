//! The engine's clock: milliseconds since it started, and what that is on the wall. Nothing else in the engine
//! asks for the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since the engine started. Never goes back.
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
        millis(self.start.elapsed())
    }

    #[must_use]
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + Duration::from_millis(moment)
    }

    /// A moment in milliseconds since 1970.
    #[must_use]
    pub fn wall(&self, moment: Moment) -> u64 {
        self.wall + moment
    }

    #[must_use]
    pub fn wall_now(&self) -> u64 {
        self.wall(self.now())
    }

    /// The moment that a wall time was; the start of the engine for all before it.
    #[must_use]
    pub fn moment(&self, wall: u64) -> Moment {
        wall.saturating_sub(self.wall)
    }
}

/// A duration in whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
