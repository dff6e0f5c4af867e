use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Which nodes of a stack can be observed to be different: told by whoever changes them, taken by the stack.
#[derive(Debug, Default)]
pub struct Changes {
    pending: Mutex<Pending>,
    wake: Notify,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    /// Something that all nodes show has changed.
    pub all: bool,
    pub nodes: BTreeSet<String>,
    /// One of several replicas has a reason to be started anew, which the others have as well.
    pub restarts: BTreeSet<String>,
}

impl Changes {
    pub fn node(&self, name: &str) {
        self.note(|pending| {
            pending.nodes.insert(name.to_owned());
        });
    }

    /// It is to be started anew with all replicas of its service, one after another.
    pub fn restart(&self, name: &str) {
        self.note(|pending| {
            pending.restarts.insert(name.to_owned());
        });
    }

    pub fn all(&self) {
        self.note(|pending| pending.all = true);
    }

    fn note(&self, note: impl FnOnce(&mut Pending)) {
        note(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// Waits until something has changed since the last time.
    pub async fn any(&self) {
        self.wake.notified().await;
    }

    pub(super) fn take(&self) -> Pending {
        std::mem::take(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
