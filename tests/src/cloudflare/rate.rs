//! Cloudflare's limit: so many requests of one user or account within five minutes. Over it, everything is refused for
//! the five minutes that follow, whatever it is.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

const WINDOW: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub struct Rate {
    pub limit: usize,
    owners: HashMap<String, Owner>,
}

#[derive(Debug, Default)]
struct Owner {
    seen: VecDeque<SystemTime>,
    blocked_until: Option<SystemTime>,
}

/// What the headers say, and after how long to come again when it is too much.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub left: usize,
    pub resets_in: Duration,
    pub retry_after: Option<Duration>,
}

impl Default for Rate {
    fn default() -> Self {
        Self { limit: 1200, owners: HashMap::new() }
    }
}

impl Rate {
    pub(super) fn count(&mut self, owner: &str, now: SystemTime) -> Standing {
        let owner = self.owners.entry(owner.to_owned()).or_default();
        if let Some(left) = owner.blocked_until.and_then(|until| until.duration_since(now).ok()) {
            return Standing { left: 0, resets_in: left, retry_after: Some(left) };
        }
        if owner.blocked_until.take().is_some() {
            owner.seen.clear();
        }
        let is_past = |time: &SystemTime| now.duration_since(*time).is_ok_and(|age| age >= WINDOW);
        while owner.seen.front().is_some_and(is_past) {
            owner.seen.pop_front();
        }
        if owner.seen.len() >= self.limit {
            owner.blocked_until = Some(now + WINDOW);
            return Standing { left: 0, resets_in: WINDOW, retry_after: Some(WINDOW) };
        }
        owner.seen.push_back(now);
        let first = owner.seen.front().copied().unwrap_or(now);
        let resets_in = (first + WINDOW).duration_since(now).unwrap_or_default();
        Standing { left: self.limit - owner.seen.len(), resets_in, retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_the_limit_everything_is_refused_for_five_minutes() {
        let mut rate = Rate { limit: 2, ..Rate::default() };
        let start = SystemTime::UNIX_EPOCH + WINDOW;
        let mut count = |seconds| rate.count("one", start + Duration::from_secs(seconds));
        assert_eq!(count(0), Standing { left: 1, resets_in: WINDOW, retry_after: None });
        assert_eq!(count(10).left, 0);
        assert_eq!(count(20).retry_after, Some(WINDOW));
        // The two of the beginning are long past, and it is blocked nevertheless.
        assert_eq!(count(319).retry_after, Some(Duration::from_secs(1)));
        assert_eq!(count(321).retry_after, None);
    }

    #[test]
    fn each_owner_has_a_limit_of_its_own() {
        let mut rate = Rate { limit: 1, ..Rate::default() };
        let now = SystemTime::now();
        assert_eq!(rate.count("one", now).retry_after, None);
        assert_eq!(rate.count("other", now).retry_after, None);
        assert!(rate.count("one", now).retry_after.is_some());
    }
}
