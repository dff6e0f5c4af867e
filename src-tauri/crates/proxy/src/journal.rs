//! The requests that were answered last, for people to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use tokio::sync::watch;

use crate::{Audience, Trouble};

/// How many requests are kept. A page of a development server is some hundred of them.
const KEPT: usize = 1000;
/// The longest path that is kept whole, in bytes: somebody might ask for a megabyte.
const LONGEST_PATH: usize = 300;
/// How many come together among the older ones, and take the place of as many: where the oldest one is, the processor
/// has long forgotten, and one by one that costs more than all else about a record.
const FRESH: usize = 32;

/// A request that was answered, without anything that may be a secret: neither query nor headers nor bodies.
#[derive(Debug, Clone)]
pub struct Record {
    /// Counts from 1, in the order of their ends.
    pub number: u64,
    /// When it began.
    pub begun: Instant,
    pub duration: Duration,
    /// None for an unknown host, and for what the proxy has refused itself.
    pub route: Option<Arc<str>>,
    pub audience: Audience,
    pub method: Method,
    /// Lower-case and without a port; empty where the request named none, or none that is valid.
    pub host: Arc<str>,
    /// Cut off where it is longer than 300 bytes.
    pub path: Box<str>,
    pub status: StatusCode,
    /// Bytes of the request's body that arrived. Of a WebSocket, and whatever else the protocol was changed to, all
    /// that the client said; known when it has ended, and so is its duration.
    pub received: u64,
    /// Bytes of the answer's body that were sent, or all that the service said.
    pub sent: u64,
    /// Why a page answered, or why the answer broke off.
    pub trouble: Option<Trouble>,
}

#[derive(Debug)]
pub struct Journal {
    kept: Mutex<Kept>,
    /// The number of the newest one.
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Record>,
    /// Those after them.
    fresh: Vec<Record>,
    newest: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self { kept: Mutex::default(), newest: watch::Sender::new(0) }
    }
}

impl Journal {
    /// Gives its number.
    pub(crate) fn keep(&self, record: Record) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.newest += 1;
        let number = kept.newest;
        kept.fresh.push(Record { number, ..record });
        if kept.fresh.len() == FRESH {
            kept.settle();
        }
        drop(kept);
        // Nobody is woken while nobody looks, which is nearly always.
        if self.newest.receiver_count() > 0 {
            self.newest.send_replace(number);
        }
        number
    }

    /// Adds what was carried after the answer, now that it has ended. Nobody is woken for it.
    pub(crate) fn carried(&self, number: u64, received: u64, sent: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Newer ones may have taken its place meanwhile.
        if let Some(record) = kept.find(number) {
            record.received += received;
            record.sent += sent;
            record.duration = record.begun.elapsed();
        }
    }

    /// Those after number `after` that pass, oldest first, and the number of the newest of all. With more than `limit`
    /// only the newest ones.
    #[must_use]
    pub fn after(&self, after: u64, limit: usize, passes: impl Fn(&Record) -> bool) -> (Vec<Record>, u64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let all = kept.fresh.iter().rev().chain(kept.records.iter().rev()).take(KEPT);
        let newer = all.take_while(|record| record.number > after);
        let mut found: Vec<Record> = newer.filter(|record| passes(record)).take(limit).cloned().collect();
        found.reverse();
        (found, kept.newest)
    }

    /// The number of the newest one; 0 before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).newest
    }

    /// Waits for a request after number `after`.
    pub async fn later_than(&self, after: u64) {
        let mut newest = self.newest.subscribe();
        // What came before anybody listened was not sent.
        if self.newest() <= after {
            // An error means that nobody writes any more; then nothing comes.
            let _ = newest.wait_for(|newest| *newest > after).await;
        }
    }
}

impl Kept {
    /// Puts the fresh ones among the others.
    fn settle(&mut self) {
        let over = (self.records.len() + self.fresh.len()).saturating_sub(KEPT);
        self.records.drain(..over);
        self.records.extend(self.fresh.drain(..));
    }

    fn find(&mut self, number: u64) -> Option<&mut Record> {
        let number_of = |record: &Record| record.number;
        match self.records.binary_search_by_key(&number, number_of) {
            Ok(place) => self.records.get_mut(place),
            Err(_) => {
                let place = self.fresh.binary_search_by_key(&number, number_of).ok()?;
                self.fresh.get_mut(place)
            }
        }
    }
}

/// As much of a path as is kept.
pub(crate) fn shortened(path: &str) -> Box<str> {
    path.get(..path.floor_char_boundary(LONGEST_PATH)).unwrap_or(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str) -> Record {
        Record {
            number: 0,
            begun: Instant::now(),
            duration: Duration::ZERO,
            route: None,
            audience: Audience::Local,
            method: Method::GET,
            host: "shop.localhost".into(),
            path: path.into(),
            status: StatusCode::OK,
            received: 0,
            sent: 0,
            trouble: None,
        }
    }

    fn numbers(journal: &Journal, after: u64, limit: usize) -> (Vec<u64>, u64) {
        let (records, newest) = journal.after(after, limit, |record| &*record.path != "/hidden");
        (records.iter().map(|record| record.number).collect(), newest)
    }

    #[tokio::test]
    async fn the_newest_are_kept_and_whoever_waits_hears_of_the_next() {
        let journal = Journal::default();
        for path in ["/", "/hidden", "/"] {
            journal.keep(record(path));
        }
        assert_eq!(numbers(&journal, 0, 10), (vec![1, 3], 3));
        assert_eq!(numbers(&journal, 1, 10), (vec![3], 3));
        assert_eq!(numbers(&journal, 0, 1), (vec![3], 3));
        journal.later_than(2).await;
        let ((), _) = tokio::join!(journal.later_than(3), async { journal.keep(record("/")) });
        for _ in 0..KEPT {
            journal.keep(record("/"));
        }
        let (all, newest) = numbers(&journal, 0, usize::MAX);
        assert_eq!((all.len(), all[0], newest), (KEPT, 5, 1004));
    }

    #[test]
    fn a_long_path_is_cut_between_two_characters() {
        assert_eq!(&*shortened("/a"), "/a");
        let cut = shortened(&"é".repeat(400));
        assert_eq!(cut.len(), LONGEST_PATH);
        assert_eq!(shortened(&format!("x{}", "é".repeat(400))).len(), LONGEST_PATH - 1);
    }
}
