//! Which run belongs to which supervisor, so that news of the keeper find theirs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kinfra_rpc::Exit;

use crate::supervisor::{Input, Supervisor};

/// Names one supervisor, for as long as the engine lives.
pub type Ticket = u64;

#[derive(Debug, Default)]
pub struct Runs {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    next: Ticket,
    supervisors: HashMap<Ticket, Supervisor>,
    runs: HashMap<String, (Ticket, u64)>,
}

impl Runs {
    pub(super) fn ticket(&self) -> Ticket {
        let mut tables = self.lock();
        tables.next += 1;
        tables.next
    }

    pub(super) fn supervise(&self, ticket: Ticket, supervisor: Supervisor) {
        self.lock().supervisors.insert(ticket, supervisor);
    }

    /// The supervisor ends when nobody else holds it.
    pub(super) fn release(&self, ticket: Ticket) {
        self.lock().supervisors.remove(&ticket);
    }

    pub(super) fn begin(&self, run: String, ticket: Ticket, number: u64) {
        self.lock().runs.insert(run, (ticket, number));
    }

    pub(super) fn end(&self, run: &str) {
        self.lock().runs.remove(run);
    }

    /// Tells a supervisor that its process ended. False when nobody here knows the run.
    pub fn exited(&self, run: &str, exit: Exit) -> bool {
        let tables = self.lock();
        let Some((ticket, number)) = tables.runs.get(run) else { return false };
        if let Some(supervisor) = tables.supervisors.get(ticket) {
            supervisor.notify(Input::Exited { run: *number, exit });
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
