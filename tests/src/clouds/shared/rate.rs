//! A limit of requests: so many of one token within a window. What is refused doesn't count.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use super::http_date;

/// How a refusal tells when to come again. Vendors do it by any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds,
    Date,
    Untold,
}

#[derive(Debug, Clone)]
pub struct Rate {
    pub limit: usize,
    pub window: Duration,
    pub retry_after: RetryAfter,
    seen: HashMap<String, VecDeque<SystemTime>>,
}

/// How a token stands to the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub limit: usize,
    pub left: usize,
    pub resets_in: Duration,
    /// The same, by the clock of the cloud.
    pub resets_at: SystemTime,
    pub is_over: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Self::new(700, Duration::from_secs(60), RetryAfter::Seconds)
    }
}

impl Rate {
    #[must_use]
    pub fn new(limit: usize, window: Duration, retry_after: RetryAfter) -> Self {
        Self { limit, window, retry_after, seen: HashMap::new() }
    }

    pub(super) fn count(&mut self, token: &str, now: SystemTime) -> Standing {
        let seen = self.seen.entry(token.to_owned()).or_default();
        let age = |time: &SystemTime| now.duration_since(*time).unwrap_or_default();
        while seen.front().is_some_and(|time| age(time) >= self.window) {
            seen.pop_front();
        }
        let is_over = seen.len() >= self.limit;
        if !is_over {
            seen.push_back(now);
        }
        let resets_in = self.window.saturating_sub(seen.front().map(age).unwrap_or_default());
        Standing {
            limit: self.limit,
            left: self.limit.saturating_sub(seen.len()),
            resets_in,
            resets_at: now + resets_in,
            is_over,
        }
    }

    pub(super) fn header(&self, standing: &Standing, now: SystemTime) -> Option<(&'static str, String)> {
        // A part of a second is a second: who comes earlier is refused again.
        let wait =
            Duration::from_secs(standing.resets_in.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX));
        match self.retry_after {
            RetryAfter::Seconds => Some(("retry-after", wait.as_secs().to_string())),
            RetryAfter::Date => Some(("retry-after", http_date(now + wait))),
            RetryAfter::Untold => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_the_limit_it_is_told_when_the_first_one_is_past() {
        let mut rate = Rate::new(2, Duration::from_secs(60), RetryAfter::Seconds);
        let start = SystemTime::UNIX_EPOCH;
        let mut count = |seconds| rate.count("one", start + Duration::from_secs(seconds));
        assert_eq!((count(0).left, count(10).left), (1, 0));
        let over = count(20);
        assert_eq!((over.is_over, over.resets_in), (true, Duration::from_secs(40)));
        assert!(!count(60).is_over && count(61).is_over);
        assert!(!rate.count("other", start).is_over);
        assert_eq!(rate.header(&over, start), Some(("retry-after", "40".to_owned())));
        rate.retry_after = RetryAfter::Date;
        assert_eq!(rate.header(&over, start).unwrap().1, "Thu, 01 Jan 1970 00:00:40 GMT");
    }
}
