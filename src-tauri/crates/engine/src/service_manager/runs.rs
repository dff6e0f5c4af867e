//! Which run belongs to which supervisor, so that news of the keeper find theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use kinfra_rpc::{Exit, Phase};
use tokio::sync::{oneshot, watch};

use super::service::Service;
use crate::supervisor::{Input, Supervisor};

/// Names one supervisor, for as long as the engine lives.
pub type Ticket = u64;

#[derive(Debug)]
struct Supervised {
    supervisor: Supervisor,
    service: Weak<Service>,
}

#[derive(Debug, Default)]
pub struct Runs {
    tables: Mutex<Tables>,
    /// How many are open.
    open: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Tables {
    next: Ticket,
    supervisors: HashMap<Ticket, Supervised>,
    runs: HashMap<String, (Ticket, u64)>,
    /// Runs that nobody supervises: somebody just waits for their end.
    awaited: HashMap<String, oneshot::Sender<Exit>>,
}

impl Runs {
    pub(super) fn ticket(&self) -> Ticket {
        let mut tables = self.lock();
        tables.next += 1;
        tables.next
    }

    pub(super) fn supervise(&self, ticket: Ticket, supervisor: Supervisor, service: &Arc<Service>) {
        let service = Arc::downgrade(service);
        self.lock().supervisors.insert(ticket, Supervised { supervisor, service });
    }

    /// The supervisor ends when nobody else holds it.
    pub(super) fn release(&self, ticket: Ticket) {
        self.lock().supervisors.remove(&ticket);
    }

    pub(super) fn begin(&self, run: String, ticket: Ticket, number: u64) {
        let mut tables = self.lock();
        tables.runs.insert(run, (ticket, number));
        self.open.send_replace(tables.runs.len());
    }

    /// Waits until no run is open: until all that ended is written down.
    pub async fn until_none(&self) {
        // An error can't be: this very value holds the sender.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Nothing of it is left to be done.
    pub fn end(&self, run: &str) {
        let mut tables = self.lock();
        tables.runs.remove(run);
        tables.awaited.remove(run);
        self.open.send_replace(tables.runs.len());
    }

    /// The end of a run that nobody supervises; until [`Self::end`] it is not forgotten.
    pub fn wait_for(&self, run: String) -> oneshot::Receiver<Exit> {
        let (sender, receiver) = oneshot::channel();
        self.lock().awaited.insert(run, sender);
        receiver
    }

    /// Waits until what is being launched is to be stopped.
    pub(super) async fn until_stopping(&self, ticket: Ticket) {
        let views = self.lock().supervisors.get(&ticket).map(|supervised| supervised.supervisor.views());
        if let Some(mut views) = views
            && views.wait_for(|view| view.phase == Phase::Stopping).await.is_ok()
        {
            return;
        }
        // Nobody is left who could stop it.
        std::future::pending::<()>().await;
    }

    /// Tells a supervisor that its process ended. False when nobody here knows the run.
    pub fn exited(&self, run: &str, exit: Exit) -> bool {
        let mut tables = self.lock();
        if let Some(awaiting) = tables.awaited.remove(run) {
            // An error means that it took too long for the one who waited.
            let _ = awaiting.send(exit);
            return true;
        }
        let Some((ticket, number)) = tables.runs.get(run) else { return false };
        if let Some(Supervised { supervisor, .. }) = tables.supervisors.get(ticket) {
            supervisor.notify(Input::Exited { run: *number, exit });
        }
        true
    }

    /// Tells a service that what its run prints is dropped, or no longer.
    pub fn dropping(&self, run: &str, reason: Option<String>) {
        let known = {
            let tables = self.lock();
            let Some((ticket, number)) = tables.runs.get(run) else { return };
            tables.supervisors.get(ticket).and_then(|known| Some((known.service.upgrade()?, *number)))
        };
        if let Some((service, number)) = known {
            service.note_drop(number, reason);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
