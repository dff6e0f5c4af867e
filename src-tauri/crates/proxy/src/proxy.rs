//! The handle to a running proxy.
//!
//! Theory of operation. A proxy is a local listener, maybe a public one, some worker threads and one table of routes. The threads are
//! the proxy's own, each with a single-threaded runtime, so that no load on the engine delays a request and no
//! request delays the engine. All workers accept from one listening socket (each registers a duplicate of its
//! descriptor), which lets the kernel hand a connection to whichever is free. The table is swapped in whole, and so is
//! where a route leads: a request reads each once and keeps what it read, so that a change is atomic for every request.
//!
//! The end has two steps: from `shutdown` on nothing is accepted, event streams and relays end, idle connections
//! close; what is still being answered has until the deadline, then the runtimes are dropped with all that is left.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::own::{Here, Tokens};
use crate::{Journal, Limits, Listeners, Pages, ProxyError, RouteTable, worker};

/// A running proxy. Dropped, it ends at once.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    workers: Vec<JoinHandle<()>>,
}

/// What all workers of one proxy have in common.
pub(crate) struct Shared {
    pub(crate) table: ArcSwap<RouteTable>,
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) limits: Limits,
    /// The port that the proxy listens on.
    pub(crate) port: u16,
    pub(crate) tokens: Tokens,
    pub(crate) journal: Arc<Journal>,
    /// How many requests wait until their service answers.
    pub(crate) held: AtomicUsize,
    /// Cancelled when nothing more is to be accepted.
    pub(crate) ending: CancellationToken,
    /// When what is still being answered is cut off; set before `ending` is cancelled.
    pub(crate) deadline: OnceLock<Instant>,
}

impl Shared {
    /// Whether nothing more is to be accepted; no later known than by `ending`, and for less.
    pub(crate) fn is_ending(&self) -> bool {
        self.deadline.get().is_some()
    }
}

impl Proxy {
    /// Serves these listeners on `workers` threads (at least one), with an empty route table and the default
    /// [`Limits`].
    ///
    /// # Errors
    /// When the local listener isn't on loopback, or the system refuses a descriptor or a thread.
    pub fn start(
        listeners: impl Into<Listeners>,
        workers: usize,
        pages: Arc<dyn Pages>,
    ) -> Result<Self, ProxyError> {
        Self::start_with(listeners, workers, pages, Limits::default())
    }

    /// As [`Proxy::start`], with other limits.
    ///
    /// # Errors
    /// As [`Proxy::start`].
    pub fn start_with(
        listeners: impl Into<Listeners>,
        workers: usize,
        pages: Arc<dyn Pages>,
        limits: Limits,
    ) -> Result<Self, ProxyError> {
        Self::start_noting(listeners, workers, pages, limits, Arc::default())
    }

    /// As [`Proxy::start_with`], with the journal of a proxy whose place it takes.
    ///
    /// # Errors
    /// As [`Proxy::start`].
    pub fn start_noting(
        listeners: impl Into<Listeners>,
        workers: usize,
        pages: Arc<dyn Pages>,
        limits: Limits,
        journal: Arc<Journal>,
    ) -> Result<Self, ProxyError> {
        let listeners = listeners.into();
        let address = listeners.prepare()?;
        let shared = Arc::new(Shared {
            table: ArcSwap::from_pointee(RouteTable::default()),
            pages,
            limits,
            port: address.port(),
            tokens: Tokens::default(),
            journal,
            held: AtomicUsize::new(0),
            ending: CancellationToken::new(),
            deadline: OnceLock::new(),
        });
        // Made before the threads: where one of them can't be had, dropping it ends those that run.
        let mut proxy = Self { shared, address, workers: Vec::new() };
        for worker in 0..workers.max(1) {
            let thread = worker::spawn(worker, &listeners, Arc::clone(&proxy.shared))
                .map_err(|source| ProxyError::Worker { worker, source })?;
            proxy.workers.push(thread);
        }
        // The workers' duplicates are the only ones from here on: with them gone the port is free.
        drop(listeners);
        debug!(%address, workers = proxy.workers.len(), "the proxy listens");
        Ok(proxy)
    }

    /// Where the proxy listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Puts `table` in the place of the present one. Requests that have begun keep the route they found; those that are
    /// held go on to the one of the same id.
    pub fn set_routes(&self, mut table: RouteTable) {
        table.keep_in_bounds();
        debug!(local = table.local.len(), public = table.public.len(), "new route table");
        let table = Arc::new(table);
        let before = self.shared.table.swap(Arc::clone(&table));
        table.take_over(&before);
    }

    /// How to find out whether a public name leads to this proxy.
    #[must_use]
    pub fn here(&self) -> Here {
        Here::of(&self.shared.tokens)
    }

    /// The requests that were answered last.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// Stops accepting, lets what is being answered go on for at most `grace`, and returns when every worker has
    /// ended. Blocks the calling thread for as long.
    pub fn shutdown(mut self, grace: Duration) {
        self.end(grace);
    }

    fn end(&mut self, grace: Duration) {
        // Only the first end sets the deadline; Drop after `shutdown` finds no workers.
        let _ = self.shared.deadline.set(Instant::now() + grace);
        self.shared.ending.cancel();
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                error!("a proxy worker had panicked");
            }
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}
