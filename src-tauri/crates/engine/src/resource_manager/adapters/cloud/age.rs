use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, by this machine's clock.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// How long ago a moment was, for people: no two clocks agree to the second.
pub fn ago(then: i64, now: i64) -> String {
    match now.saturating_sub(then).max(0) / 60 {
        0 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..2880 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_as_roughly_as_people_do() {
        let told = |seconds: i64| ago(1_000_000, 1_000_000 + seconds);
        assert_eq!([-30, 59, 60, 3600].map(told), ["just now", "just now", "1 min ago", "1 h ago"]);
        assert_eq!([100_000, 200_000].map(told), ["27 h ago", "2 days ago"]);
    }
}
