//! One worker's unused connections to services.
//!
//! Theory of operation. A connection goes back when the last frame of its response has passed, which is a moment
//! before its own task has noticed and is ready for the next request; so it is kept as *maybe ready* and asked when
//! somebody wants it: closed ones are dropped, those still busy (a request body that the service never read) are
//! passed over. That spares a task per request. Connections never leave their worker, so the lock is never
//! contended. A sweep runs only while something is kept: an idle proxy has no timer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::client::conn::{http1, http2};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time;
use tracing::trace;

use crate::Limits;
use crate::request_body::{Progress, RequestBody};

pub(crate) type Http2 = http2::SendRequest<RequestBody>;

/// A connection for one request at a time.
pub(crate) struct Http1 {
    pub(crate) requests: http1::SendRequest<RequestBody>,
    /// Whoever moves its bytes.
    pub(crate) driver: AbortHandle,
}

/// Of one pointer, as each lease has one and is moved with its answer.
#[derive(Clone)]
pub(crate) struct Pool {
    kept: Arc<Kept>,
}

struct Kept {
    limits: Limits,
    /// By port; the one used last is at the end.
    idle: Mutex<HashMap<u16, Vec<Idle>>>,
    /// By port; each is used by many requests at a time, and left only when it is closed.
    shared: Mutex<HashMap<u16, Http2>>,
    /// Told when the first connection comes into an empty pool.
    filled: Notify,
}

struct Idle {
    connection: Http1,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Self {
        let (idle, shared, filled) = (Mutex::default(), Mutex::default(), Notify::new());
        Self { kept: Arc::new(Kept { limits, idle, shared, filled }) }
    }

    /// The connection to `port` that was used last, if one is usable. Only those are looked at that come before it.
    pub(crate) fn take(&self, port: u16) -> Option<Http1> {
        let mut idle = self.idle();
        let connections = idle.get_mut(&port)?;
        let mut place = connections.len();
        while let Some(newest) = place.checked_sub(1) {
            place = newest;
            let Idle { connection, .. } = connections.get(newest)?;
            if connection.requests.is_ready() {
                return Some(connections.remove(newest))
                    .filter(|idle| idle.since.elapsed() < self.kept.limits.pool_idle)
                    .map(|idle| idle.connection);
            }
            if connection.requests.is_closed() {
                connections.remove(newest);
            }
        }
        None
    }

    fn give(&self, port: u16, connection: Http1) {
        if connection.requests.is_closed() {
            return;
        }
        let mut idle = self.idle();
        if idle.is_empty() {
            self.kept.filled.notify_one();
        }
        let connections = idle.entry(port).or_default();
        if connections.len() < self.kept.limits.pool_size {
            connections.push(Idle { connection, since: Instant::now() });
        }
    }

    /// The HTTP/2 connection to `port`, if one is usable.
    pub(crate) fn shared(&self, port: u16) -> Option<Http2> {
        let mut shared = self.kept.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|_, connection| !connection.is_closed());
        shared.get(&port).cloned()
    }

    pub(crate) fn share(&self, port: u16, connection: &Http2) {
        let mut shared = self.kept.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.insert(port, connection.clone());
    }

    /// Closes what has been unused for too long. Runs for as long as the worker.
    pub(crate) async fn sweep(&self) {
        loop {
            self.kept.filled.notified().await;
            while !self.idle().is_empty() {
                time::sleep(self.kept.limits.pool_idle).await;
                self.idle().retain(|port, connections| {
                    self.drop_unusable(connections);
                    trace!(port, kept = connections.len(), "swept");
                    !connections.is_empty()
                });
            }
        }
    }

    fn drop_unusable(&self, connections: &mut Vec<Idle>) {
        connections.retain(|idle| {
            !idle.connection.requests.is_closed() && idle.since.elapsed() < self.kept.limits.pool_idle
        });
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<u16, Vec<Idle>>> {
        self.kept.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection while it is used. Dropped without being given back, it closes; one of HTTP/2 is nobody's.
pub(crate) struct Lease {
    pool: Pool,
    port: u16,
    connection: Option<Http1>,
    /// Of the request's body. Who answers before it has all of it may take the rest for the next request.
    progress: Option<Arc<Progress>>,
}

impl Lease {
    pub(crate) fn new(pool: Pool, port: u16, connection: Http1, progress: Option<Arc<Progress>>) -> Self {
        Self { pool, port, connection: Some(connection), progress }
    }

    pub(crate) fn of_shared(pool: Pool, port: u16) -> Self {
        Self { pool, port, connection: None, progress: None }
    }

    /// Whether the service has answered without the body that its client holds back.
    pub(crate) fn has_refused(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.was_refused())
    }

    pub(crate) fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            match &self.progress {
                // Else it would wait for a body that never comes.
                Some(progress) if progress.was_refused() => connection.driver.abort(),
                Some(progress) if !progress.is_whole() => {}
                _ => self.pool.give(self.port, connection),
            }
        }
    }
}
