//! The engine's clock. Nothing else in the engine asks for the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since 1970 by a clock that never goes back nor jumps: the wall's time when the engine started, and
/// what passed since.
pub type Moment = u64;

/// A wall clock that is further away than this has jumped; less is its being kept right.
const JUMP: u64 = 2_000;

#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    /// The wall clock at `start`, in milliseconds since 1970.
    wall: u64,
    /// How far the wall clock has jumped since, in milliseconds: somebody has set it, or the machine slept, which
    /// moments don't count. Remembered, so that what is shown doesn't tremble.
    jumped: Arc<AtomicI64>,
}

impl Clock {
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now(), wall: wall(), jumped: Arc::default() }
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

    /// What the clock on the wall shows now, in milliseconds since 1970: for what is shown or stored.
    #[must_use]
    pub fn wall_now(&self) -> u64 {
        self.wall_at(self.now())
    }

    /// What the clock on the wall shows at a moment, as it is set now.
    #[must_use]
    pub fn wall_at(&self, moment: Moment) -> u64 {
        moment.saturating_add_signed(self.jump(wall()))
    }

    /// The moment at which the clock on the wall shows this.
    #[must_use]
    pub fn moment_of(&self, shown: u64) -> Moment {
        shown.saturating_add_signed(-self.jump(wall()))
    }

    fn jump(&self, wall: u64) -> i64 {
        let (known, now) = (self.jumped.load(Ordering::Relaxed), self.now());
        let seen = wall.cast_signed() - now.cast_signed();
        if seen.abs_diff(known) < JUMP {
            return known;
        }
        tracing::info!(milliseconds = seen - known, "the clock has jumped, or the machine slept");
        self.jumped.store(seen, Ordering::Relaxed);
        seen
    }
}

fn wall() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A duration in whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_wall_clock_changes_what_is_shown_and_no_moment() {
        let clock = Clock::start();
        let now = clock.now();
        assert_eq!(clock.jump(wall() + 1_000), 0, "that is no jump");
        let jump = clock.jump(wall() + 3_600_000);
        assert!(jump.abs_diff(3_600_000) < 1_000, "{jump}");
        assert_eq!(clock.jump(wall() + 3_600_500), jump, "what is shown doesn't tremble");
        assert!(clock.now() - now < 60_000);
        let back = clock.jump(wall());
        assert!(back.abs_diff(0) < 1_000, "{back}");
        assert!(clock.moment_of(clock.wall_at(now)).abs_diff(now) < 1_000);
    }
}
