//! What happened to each node, written down for people.
//!
//! Theory of operation: lines are gathered for a moment and written together, so that a crash that is to be followed
//! by a restart at once doesn't wait for the disk. A line that an engine loses because it is killed in that moment is
//! one of its own last acts; how a run ended is written elsewhere, and at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kinfra_rpc::{EventKind, NodeEvent};

use crate::clock::Clock;
use crate::store::{Store, StoreError, StoredEvent};
use crate::supervisor::Note;

/// How long lines are gathered.
const GATHER: Duration = Duration::from_millis(300);

/// More than this are never read at once.
const MOST: u32 = 1_000;

pub struct Timeline {
    store: Store,
    clock: Clock,
    pending: Mutex<Vec<StoredEvent>>,
}

impl Timeline {
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Arc<Self> {
        Arc::new(Self { store, clock, pending: Mutex::default() })
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
        self.flush().await;
        let (instance, node) = (instance.to_owned(), node.to_owned());
        if let Err(error) = self.store.add_event_lines(instance, node, run, lines).await {
            tracing::error!(%error, "what a service said last is not written down");
        }
    }

    /// Writes down what was gathered.
    pub async fn flush(&self) {
        let gathered = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        if gathered.is_empty() {
            return;
        }
        if let Err(error) = self.store.add_events(gathered).await {
            tracing::error!(%error, "what happened is not written down");
        }
    }

    /// The newest lines of these nodes, or of all, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn read(
        &self,
        instance: &str,
        nodes: Vec<String>,
        limit: u32,
    ) -> Result<Vec<NodeEvent>, StoreError> {
        self.flush().await;
        self.store.events(instance.to_owned(), nodes, limit.min(MOST)).await
    }
}
