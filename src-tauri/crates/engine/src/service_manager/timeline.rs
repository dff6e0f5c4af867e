//! What happened to each node, written down for people.
//!
//! Theory of operation: lines are gathered for a moment and written together, so that a crash that is to be followed
//! by a restart at once doesn't wait for the disk. A line that an engine loses because it is killed in that moment is
//! one of its own last acts; how a run ended is written elsewhere, and at once. What a full disk has no room for is kept
//! until it has.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kinfra_rpc::{EventKind, EventList, NodeEvent};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::store::{Store, StoreError, StoredEvent, WantedEvents};
use crate::supervisor::Note;

/// How long lines are gathered.
const GATHER: Duration = Duration::from_millis(300);

/// More than this are never read at once.
const MOST: u32 = 1_000;

pub struct Timeline {
    store: Store,
    clock: Clock,
    pending: Mutex<Vec<StoredEvent>>,
    /// Counts what is written down: whoever waits for it watches it.
    written: watch::Sender<u64>,
    weak: Weak<Self>,
}

impl Timeline {
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Arc<Self> {
        Arc::new_cyclic(|weak| Self {
            store,
            clock,
            pending: Mutex::default(),
            written: watch::channel(0).0,
            weak: weak.clone(),
        })
    }

    /// Does not block. Needs a runtime around it.
    pub fn record(self: &Arc<Self>, instance: &str, node: &str, note: Note) {
        let Note { run, kind, text } = note;
        self.tell(instance, node, run, kind, text);
    }

    /// As [`Self::record`], of a run that no supervisor has.
    pub fn tell(self: &Arc<Self>, instance: &str, node: &str, run: u64, kind: EventKind, text: String) {
        let event = NodeEvent {
            node: node.to_owned(),
            at: self.clock.wall_now(),
            run: (run > 0).then_some(run),
            kind,
            text,
            lines: vec![],
        };
        let event = StoredEvent { instance: instance.to_owned(), event };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push(event);
        if pending.len() == 1 {
            let timeline = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(GATHER).await;
                timeline.flush().await;
            });
        }
    }

    /// What a run that has ended had said last.
    pub async fn keep_lines(&self, instance: &str, node: &str, run: u64, lines: Vec<String>) {
        self.write().await;
        let (instance, node) = (instance.to_owned(), node.to_owned());
        if let Err(error) = self.store.add_event_lines(instance, node, run, lines).await {
            tracing::error!(%error, "what a service said last is not written down");
        }
        // Whoever waits for its end finds them with it.
        self.written.send_modify(|count| *count += 1);
    }

    /// Writes down what was gathered.
    pub async fn flush(&self) {
        if self.write().await {
            self.written.send_modify(|count| *count += 1);
        }
    }

    /// False where there was nothing.
    async fn write(&self) -> bool {
        let gathered = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        if gathered.is_empty() {
            return false;
        }
        if let Err(error) = self.store.add_events(gathered.clone()).await {
            tracing::error!(%error, "what happened is not written down");
            if error.is_of_the_disk() {
                self.keep_for_later(gathered);
            }
        }
        true
    }

    /// As many as anybody would ever read.
    fn keep_for_later(&self, mut gathered: Vec<StoredEvent>) {
        let Some(timeline) = self.weak.upgrade() else { return };
        {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            gathered.append(&mut pending);
            gathered.drain(..gathered.len().saturating_sub(MOST as usize));
            *pending = gathered;
        }
        tokio::spawn(async move {
            timeline.store.works_again().await;
            timeline.flush().await;
        });
    }

    /// Changes whenever something was written down.
    #[must_use]
    pub fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// The newest lines of these nodes, or of all, oldest first. After a cursor those that follow, as far as they are
    /// written down: what a service said last comes a moment after its end, and is to be with it.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn read(&self, instance: &str, wanted: WantedEvents) -> Result<EventList, StoreError> {
        if wanted.after.is_none() {
            self.flush().await;
        }
        let wanted = WantedEvents { limit: wanted.limit.min(MOST), ..wanted };
        self.store.events(instance.to_owned(), wanted).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_full_disk_has_no_room_for_is_written_when_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let limit = |pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            let store = store.clone();
            async move {
                let limit =
                    move |connection: &rusqlite::Connection| connection.query_row(&sql, [], |_| Ok(()));
                store.unflushed_transaction("limit its size", limit).await.unwrap();
            }
        };
        let timeline = Timeline::new(store.clone(), Clock::start());
        let tell = |text: String| timeline.tell("shop", "api", 1, EventKind::Changed, text);
        limit(1).await;
        // More than fits into the pages that there are.
        tell("x".repeat(100_000));
        timeline.flush().await;
        assert!(store.trouble().borrow().is_some());
        tell("later".to_owned());
        limit(100_000).await;
        store.try_writing().await.unwrap();
        let mut written = timeline.written();
        let read = || async {
            let wanted = WantedEvents { limit: 5, after: Some(0), ..WantedEvents::default() };
            store.events("shop".to_owned(), wanted).await.unwrap().events
        };
        while read().await.len() < 2 {
            tokio::time::timeout(Duration::from_secs(30), written.changed()).await.unwrap().unwrap();
        }
        let texts: Vec<usize> = read().await.iter().map(|event| event.text.len()).collect();
        assert_eq!(texts, [100_000, 5], "in their order");
    }
}
