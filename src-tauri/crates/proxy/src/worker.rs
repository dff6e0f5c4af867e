//! One worker: a thread, a single-threaded runtime, the connections it accepted and its pool.
//!
//! Theory of operation. Whatever handling a request may panic on is caught there (`serving`), and costs that request;
//! whatever else a connection's task panics on is caught by the runtime, and costs that connection. The accept loop
//! itself calls nothing that is not the system's.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::time;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, debug_span, warn};

use crate::admission::Admission;
use crate::host::LastHosts;
use crate::listeners::{Accepted, Door, Listeners};
use crate::pool::Pool;
use crate::proxy::Shared;
use crate::serving::{Protocols, serve_local, serve_public};

/// After a failed accept (mostly: no descriptor left), so that the loop doesn't spin until one is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many tasks have their turn before the system is asked for news; tokio would ask after 61. A turn takes some
/// microseconds, and asking costs as much as a third of a request.
const EVENT_INTERVAL: u32 = 128;

pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Pool,
    pub(crate) hosts: LastHosts,
    pub(crate) admission: Arc<Admission>,
    /// Connections and relays: what the end waits for.
    pub(crate) tasks: TaskTracker,
    pub(crate) protocols: Protocols,
}

/// Starts worker number `number` on these listeners.
pub(crate) fn spawn(number: usize, listeners: &Listeners, shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().event_interval(EVENT_INTERVAL).build()?;
    let door = {
        let _context = runtime.enter();
        Door::of(listeners)?
    };
    std::thread::Builder::new()
        .name(format!("kinfra-proxy-{number}"))
        .spawn(move || runtime.block_on(run(door, shared)))
}

async fn run(door: Door, shared: Arc<Shared>) {
    let (pool, admission) = (Pool::new(shared.limits), Arc::new(Admission::new()));
    let protocols = Protocols::new(&shared.limits);
    let worker = Arc::new(Worker {
        shared,
        pool: pool.clone(),
        hosts: LastHosts::default(),
        admission: Arc::clone(&admission),
        tasks: TaskTracker::new(),
        protocols,
    });
    tokio::spawn(async move { pool.sweep().await });
    tokio::spawn(async move { admission.usher().await });
    let ending = worker.shared.ending.clone();
    loop {
        let accepted = tokio::select! {
            () = ending.cancelled() => break,
            accepted = door.accept() => accepted,
        };
        match accepted {
            Ok(_) if worker.tasks.len() >= worker.shared.limits.connections => {
                warn!(connections = worker.tasks.len(), "a connection is closed at once: there are too many");
            }
            Ok(Accepted::Local(stream, peer)) => {
                let task = serve_local(Arc::clone(&worker), stream, peer);
                worker.tasks.spawn(task.instrument(debug_span!("connection", %peer)));
            }
            Ok(Accepted::Public(stream)) => {
                let task = serve_public(Arc::clone(&worker), stream);
                worker.tasks.spawn(task.instrument(debug_span!("public connection")));
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(door);
    worker.tasks.close();
    let deadline = worker.shared.deadline.get().copied().unwrap_or_else(Instant::now);
    if time::timeout_at(deadline.into(), worker.tasks.wait()).await.is_err() {
        debug!(connections = worker.tasks.len(), "cut off at the end of the grace");
    }
}
