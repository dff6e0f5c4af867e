use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cloudflare::date;

/// The time at the cloud: that of the machine, and what a test has let pass since; or one that only a test moves.
#[derive(Debug, Default)]
pub struct Clock {
    passed: Duration,
    stopped: Option<SystemTime>,
}

impl Clock {
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.stopped.unwrap_or_else(SystemTime::now) + self.passed
    }

    /// Lets time pass at the cloud, and nowhere else.
    pub fn advance(&mut self, time: Duration) {
        self.passed += time;
    }

    /// From now on time passes by [`Clock::advance`] alone: what is on its way there stays on its way.
    pub fn stop(&mut self) {
        self.stopped.get_or_insert_with(SystemTime::now);
    }

    /// From now on time passes as everywhere.
    pub fn go(&mut self) {
        if let Some(stopped) = self.stopped.take() {
            // It does not jump, but for what is less than nothing.
            self.passed = (stopped + self.passed).duration_since(SystemTime::now()).unwrap_or_default();
        }
    }
}

/// As headers of HTTP write it: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub fn http_date(time: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let name = |names: &'static [&'static str], place: u64| names[usize::try_from(place).unwrap_or_default()];
    let (weekday, month) = (name(&DAYS, days % 7), name(&MONTHS, month - 1));
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_headers_are_written_as_http_wants_them() {
        let time = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_stopped_clock_moves_by_a_test_alone() {
        let mut clock = Clock::default();
        clock.stop();
        let stopped = clock.now();
        assert_eq!(clock.now(), stopped);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.now(), stopped + Duration::from_secs(60));
        clock.go();
        assert!(clock.now() >= stopped + Duration::from_secs(60));
    }
}
