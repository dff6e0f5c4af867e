//! When which public name is visited, and what that says of it. Pure.
//!
//! Theory of operation: each name is visited soon after its tunnel is up, then in turn with the others of the tunnel,
//! so that many names cost no more than one. A failure is looked at again soon, and counts when it was seen twice. One
//! that has never been reached is given time: DNS may not know it yet, and who asks DNS too early is told so for longer.

use std::collections::BTreeMap;

use super::visit::Visit;
use crate::clock::Moment;

/// Between two visits through one tunnel, in milliseconds.
const REGULAR: u64 = 30_000;
const AFTER_FAILURE: u64 = 5_000;

/// Before the first visit, where DNS is asked.
const DNS: u64 = 10_000;

/// So long after its tunnel is up, a name that was never reached counts as failed.
const FIRST_SUCCESS: u64 = 60_000;

/// So many failures in a row count.
const FAILURES: u32 = 2;

#[derive(Debug, Default)]
pub struct Visits {
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    up_since: Moment,
    next: Moment,
    is_under_way: bool,
    was_reached: bool,
    failures: u32,
    reason: String,
}

impl Visits {
    /// `up`: the URLs whose tunnel is up, each with how many names that tunnel has.
    pub fn keep(&mut self, now: Moment, up: &BTreeMap<String, u64>, asks_dns: bool) {
        self.known.retain(|url, _| up.contains_key(url));
        for url in up.keys() {
            let next = now + if asks_dns { DNS } else { 0 };
            self.known.entry(url.clone()).or_insert(Known {
                up_since: now,
                next,
                is_under_way: false,
                was_reached: false,
                failures: 0,
                reason: String::new(),
            });
        }
    }

    /// Those that are to be visited now.
    pub fn due(&mut self, now: Moment) -> Vec<String> {
        let due = self.known.iter_mut().filter(|(_, known)| !known.is_under_way && known.next <= now);
        due.map(|(url, known)| {
            known.is_under_way = true;
            url.clone()
        })
        .collect()
    }

    /// When the next one is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.known.values().filter(|known| !known.is_under_way).map(|known| known.next).min()
    }

    /// `beside`: how many names its tunnel has.
    pub fn visited(&mut self, now: Moment, url: &str, beside: u64, visit: Visit) {
        let Some(known) = self.known.get_mut(url) else { return };
        known.is_under_way = false;
        match visit {
            Visit::Ours => {
                (known.was_reached, known.failures) = (true, 0);
                known.next = now + REGULAR * beside.max(1);
            }
            Visit::Failed(reason) => {
                (known.failures, known.reason) = (known.failures + 1, reason);
                known.next = now + AFTER_FAILURE;
            }
        }
    }

    /// Why a name is not reached from outside, though its tunnel is up.
    #[must_use]
    pub fn trouble(&self, now: Moment, url: &str) -> Option<&str> {
        let known = self.known.get(url).filter(|known| known.failures >= FAILURES)?;
        let had_time = known.was_reached || now.saturating_sub(known.up_since) >= FIRST_SUCCESS;
        had_time.then_some(&*known.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://shop.test";

    fn failed() -> Visit {
        Visit::Failed("gone".to_owned())
    }

    #[test]
    fn a_name_that_was_reached_has_failed_with_its_second_failure_in_a_row() {
        let mut visits = Visits::default();
        let up = BTreeMap::from([(URL.to_owned(), 1)]);
        visits.keep(0, &up, false);
        assert_eq!(visits.due(0), [URL]);
        assert_eq!(visits.due(0), [""; 0], "it is on its way");
        visits.visited(100, URL, 1, Visit::Ours);
        assert_eq!(visits.deadline(), Some(30_100));
        visits.visited(30_200, URL, 1, failed());
        assert_eq!((visits.trouble(30_200, URL), visits.deadline()), (None, Some(35_200)));
        visits.visited(35_300, URL, 1, failed());
        assert_eq!(visits.trouble(35_300, URL), Some("gone"));
        visits.visited(40_400, URL, 1, Visit::Ours);
        assert_eq!(visits.trouble(40_400, URL), None);
        visits.keep(50_000, &BTreeMap::new(), false);
        assert_eq!(visits.deadline(), None);
    }

    #[test]
    fn dns_is_not_asked_too_early_and_what_it_does_not_know_yet_is_no_failure() {
        let mut visits = Visits::default();
        visits.keep(0, &BTreeMap::from([(URL.to_owned(), 500)]), true);
        assert_eq!((visits.due(9_999).len(), visits.due(10_000).len()), (0, 1));
        visits.visited(10_100, URL, 500, failed());
        visits.visited(15_200, URL, 500, failed());
        assert_eq!(visits.trouble(59_999, URL), None);
        assert_eq!(visits.trouble(60_000, URL), Some("gone"));
        visits.visited(61_000, URL, 500, Visit::Ours);
        assert_eq!(visits.deadline(), Some(61_000 + 500 * 30_000));
    }
}
