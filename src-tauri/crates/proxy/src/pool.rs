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

use hyper::client::conn::http1::SendRequest;
use tokio::sync::Notify;
use tokio::time;
use tracing::trace;

use crate::Limits;
use crate::body::RequestBody;

pub(crate) type Connection = SendRequest<RequestBody>;

#[derive(Clone)]
pub(crate) struct Pool {
    limits: Limits,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By port; the one used last is at the end.
    idle: Mutex<HashMap<u16, Vec<Idle>>>,
    /// Told when the first connection comes into an empty pool.
    filled: Notify,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, kept: Arc::default() }
    }

    /// The connection to `port` that was used last, if one is usable.
    pub(crate) fn take(&self, port: u16) -> Option<Connection> {
        let mut idle = self.idle();
        let connections = idle.get_mut(&port)?;
        self.drop_unusable(connections);
        let newest_ready = connections.iter().rposition(|idle| idle.connection.is_ready())?;
        Some(connections.remove(newest_ready).connection)
    }

    fn give(&self, port: u16, connection: Connection) {
        if connection.is_closed() {
            return;
        }
        let mut idle = self.idle();
        if idle.is_empty() {
            self.kept.filled.notify_one();
        }
        let connections = idle.entry(port).or_default();
        if connections.len() < self.limits.pool_size {
            connections.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Closes what has been unused for too long. Runs for as long as the worker.
    pub(crate) async fn sweep(&self) {
        loop {
            self.kept.filled.notified().await;
            while !self.idle().is_empty() {
                time::sleep(self.limits.pool_idle).await;
                self.idle().retain(|port, connections| {
                    self.drop_unusable(connections);
                    trace!(port, kept = connections.len(), "swept");
                    !connections.is_empty()
                });
            }
        }
    }

    fn drop_unusable(&self, connections: &mut Vec<Idle>) {
        connections
            .retain(|idle| !idle.connection.is_closed() && idle.since.elapsed() < self.limits.pool_idle);
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<u16, Vec<Idle>>> {
        self.kept.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection while it is used. Dropped without being given back, it closes.
pub(crate) struct Lease {
    pool: Pool,
    port: u16,
    connection: Option<Connection>,
}

impl Lease {
    pub(crate) fn new(pool: Pool, port: u16, connection: Connection) -> Self {
        Self { pool, port, connection: Some(connection) }
    }

    pub(crate) fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.give(self.port, connection);
        }
    }
}
