//! The sessions that there are.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::serve::Bridge;
use crate::session::Session;

/// Each is a process: a client that begins ever new ones without an end to any is refused at some point.
const MOST: usize = 64;

/// Clients don't always say that they go.
const UNUSED_FOR: Duration = Duration::from_secs(30 * 60);

#[derive(Default)]
pub struct Sessions {
    known: Mutex<HashMap<String, Arc<Session>>>,
}

impl Sessions {
    /// # Errors
    /// When there are too many, or the process can't be started.
    pub fn begin(&self, bridge: &Bridge) -> io::Result<Arc<Session>> {
        self.retire(Instant::now());
        let mut known = self.lock();
        if known.len() >= MOST {
            return Err(io::Error::other(format!(
                "there are {MOST} sessions already, and each is a process"
            )));
        }
        let session = Session::begin(bridge)?;
        known.insert(session.id().to_owned(), Arc::clone(&session));
        Ok(session)
    }

    pub fn find(&self, id: &str) -> Option<Arc<Session>> {
        let session = self.lock().get(id).cloned()?;
        if session.is_over() {
            self.lock().remove(id);
            return None;
        }
        session.is_used(Instant::now());
        Some(session)
    }

    pub fn end(&self, id: &str) -> Option<Arc<Session>> {
        self.lock().remove(id)
    }

    pub fn end_all(&self) -> Vec<Arc<Session>> {
        self.lock().drain().map(|(_, session)| session).collect()
    }

    /// Lets those go that are over, or that nobody uses.
    pub fn retire(&self, now: Instant) {
        self.lock().retain(|_, session| !session.is_over() && !session.is_unused(now, UNUSED_FOR));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
