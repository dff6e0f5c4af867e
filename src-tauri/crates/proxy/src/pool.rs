//! One worker's unused connections to services.
//!
//! Theory of operation. A connection goes back when the last frame of its response has passed. One whose request is not
//! whole by then (a body that the service reads later) is kept as *maybe ready* and asked when somebody wants it: closed
//! ones are dropped, those still busy are passed over. Connections never leave their worker, so the lock is never
//! contended. What services close is dropped as soon as it is; what is unused for too long by a sweep, which runs only
//! while something is kept: an idle proxy has no timer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use hyper::client::conn::http2;
use tokio::sync::Notify;
use tokio::time;
use tracing::trace;

use crate::Limits;
use crate::http1::{Http1, Readiness};
use crate::request_body::{Progress, RequestBody};

pub(crate) type Http2 = http2::SendRequest<RequestBody>;

/// Of one pointer, as each lease has one and is moved with its answer.
#[derive(Clone)]
pub(crate) struct Pool {
    kept: Arc<Kept>,
}

struct Kept {
    limits: Limits,
    /// By port; the one used last is at the end.
    idle: Mutex<BTreeMap<u16, Vec<Idle>>>,
    /// By port; each is used by many requests at a time, and left only when it is closed.
    shared: Mutex<BTreeMap<u16, Http2>>,
    /// Told when the first connection comes into an empty pool.
    filled: Notify,
    stirred: Arc<Stirred>,
    /// Wakes `stirred`.
    waker: Waker,
}

/// Told when something happens on an unused connection: mostly that the service has closed it.
#[derive(Default)]
struct Stirred(Notify);

impl Wake for Stirred {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify_one();
    }
}

struct Idle {
    connection: Http1,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Self {
        let (idle, shared, filled) = (Mutex::default(), Mutex::default(), Notify::new());
        let stirred = Arc::new(Stirred::default());
        let waker = Waker::from(Arc::clone(&stirred));
        Self { kept: Arc::new(Kept { limits, idle, shared, filled, stirred, waker }) }
    }

    /// The connection to `port` that was used last, if one is usable `now`. Only those are looked at that come before it.
    pub(crate) fn take(&self, port: u16, now: Instant) -> Option<Http1> {
        let mut idle = self.idle();
        let connections = idle.get_mut(&port)?;
        let mut place = connections.len();
        while let Some(newest) = place.checked_sub(1) {
            place = newest;
            match connections.get(newest)?.connection.readiness() {
                Readiness::Ready => {
                    return Some(connections.remove(newest))
                        .filter(|idle| now.saturating_duration_since(idle.since) < self.kept.limits.pool_idle)
                        .map(|idle| idle.connection);
                }
                Readiness::Busy => {}
                Readiness::Closed => drop(connections.remove(newest)),
            }
        }
        None
    }

    fn give(&self, port: u16, mut connection: Http1, since: Instant) {
        connection.rest(&self.kept.waker);
        if connection.readiness() == Readiness::Closed {
            return;
        }
        let mut idle = self.idle();
        if idle.is_empty() {
            self.kept.filled.notify_one();
        }
        let connections = idle.entry(port).or_default();
        if connections.len() < self.kept.limits.pool_size {
            connections.push(Idle { connection, since });
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

    /// Closes what is closed by the service, or has been unused for too long. Runs for as long as the worker.
    pub(crate) async fn sweep(&self) {
        loop {
            self.kept.filled.notified().await;
            let mut next = time::Instant::now();
            while !self.idle().is_empty() {
                tokio::select! {
                    () = time::sleep_until(next) => next = time::Instant::now() + self.kept.limits.pool_idle,
                    () = self.kept.stirred.0.notified() => {}
                }
                self.idle().retain(|port, connections| {
                    self.drop_unusable(connections);
                    trace!(port, kept = connections.len(), "swept");
                    !connections.is_empty()
                });
            }
        }
    }

    fn drop_unusable(&self, connections: &mut Vec<Idle>) {
        connections.retain_mut(|idle| {
            idle.since.elapsed() < self.kept.limits.pool_idle && !idle.connection.is_spent()
        });
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<u16, Vec<Idle>>> {
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
    pub(crate) fn new(pool: Pool, port: u16, mut connection: Http1, progress: Option<Arc<Progress>>) -> Self {
        if progress.as_ref().is_some_and(|progress| !progress.is_whole()) {
            // The client may first send all of it, and then look at the answer.
            connection.go_apart();
        }
        Self { pool, port, connection: Some(connection), progress }
    }

    pub(crate) fn of_shared(pool: Pool, port: u16) -> Self {
        Self { pool, port, connection: None, progress: None }
    }

    /// Whether the service has answered without the body that its client holds back.
    pub(crate) fn has_refused(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.was_refused())
    }

    /// Polls what the connection gives.
    pub(crate) fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match &mut self.connection {
            Some(connection) => connection.poll(context, poll),
            None => poll(context),
        }
    }

    /// The protocol changes: the connection is no more the pool's.
    pub(crate) fn leave(mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.go_apart();
        }
    }

    /// Whatever came over it has passed by `now`.
    pub(crate) fn give_back(&mut self, now: Instant) {
        if let Some(connection) = self.connection.take() {
            match &self.progress {
                // Else it would wait for a body that never comes.
                Some(progress) if progress.was_refused() => connection.abort(),
                Some(progress) if !progress.is_whole() => {}
                _ => self.pool.give(self.port, connection, now),
            }
        }
    }
}
