use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time at Cloudflare: that of the machine, and what a test has let pass since.
#[derive(Debug, Default)]
pub struct Clock {
    passed: Duration,
}

impl Clock {
    #[must_use]
    pub fn now(&self) -> SystemTime {
        SystemTime::now() + self.passed
    }

    /// Lets time pass at Cloudflare, and nowhere else.
    pub fn advance(&mut self, time: Duration) {
        self.passed += time;
    }
}

/// As the API writes times: `2026-11-22T10:00:00.123456Z`.
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", since.subsec_micros())
}

/// The day that is so many days after the first of 1970. Years are counted from March, so that the day of leap
/// years is their last one, and in cycles of 400 years, which all have as many days.
pub(crate) fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (cycle, day_of_cycle) = (days / 146_097, days % 146_097);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = cycle * 400 + year_of_cycle + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_api_does() {
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_795_340_123, "2026-11-22T09:35:23.000000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(rfc3339(time), wanted);
        }
    }

    #[test]
    fn time_passes_at_cloudflare_alone() {
        let mut clock = Clock::default();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() > SystemTime::now() + Duration::from_secs(3599));
    }
}
