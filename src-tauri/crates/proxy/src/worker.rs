//! One worker: a thread, a single-threaded runtime, the connections it accepted and its pool.
//!
//! Theory of operation. Whatever handling a request may panic on is caught there, and costs that request; whatever
//! else a connection's task panics on is caught by the runtime, and costs that connection. The accept loop itself
//! calls nothing that is not the system's.

use std::any::Any;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{self, Sleep};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, debug_span, error, warn};

use crate::conversation::{ClientStream, Conversation, Idle};
use crate::dial::{SMALLEST_BUFFER, list_size};
use crate::exchange;
use crate::listeners::{Accepted, Door, Listeners};
use crate::pool::Pool;
use crate::proxy::Shared;
use crate::screen::Refusal;
use crate::visitor::Visitor;

/// After a failed accept (mostly: no descriptor left), so that the loop doesn't spin until one is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Pool,
    /// Connections and relays: what the end waits for.
    pub(crate) tasks: TaskTracker,
    protocols: auto::Builder<TokioExecutor>,
}

/// Starts worker number `number` on these listeners.
pub(crate) fn spawn(number: usize, listeners: &Listeners, shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let door = {
        let _context = runtime.enter();
        Door::of(listeners)?
    };
    std::thread::Builder::new()
        .name(format!("kinfra-proxy-{number}"))
        .spawn(move || runtime.block_on(run(door, shared)))
}

async fn run(door: Door, shared: Arc<Shared>) {
    let pool = Pool::new(shared.limits);
    let protocols = protocols(&shared);
    let worker = Arc::new(Worker { shared, pool: pool.clone(), tasks: TaskTracker::new(), protocols });
    tokio::spawn(async move { pool.sweep().await });
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

fn protocols(shared: &Shared) -> auto::Builder<TokioExecutor> {
    let limits = &shared.limits;
    let mut protocols = auto::Builder::new(TokioExecutor::new());
    protocols
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.client_head)
        .max_buf_size(limits.headers.max(SMALLEST_BUFFER));
    protocols
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.client_head)
        .max_header_list_size(list_size(limits))
        .adaptive_window(true);
    protocols
}

async fn serve_local(worker: Arc<Worker>, stream: TcpStream, peer: SocketAddr) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot switch off Nagle's algorithm");
    }
    let mut timer = pin!(time::sleep(worker.shared.limits.client_head));
    if has_begun(&worker, stream.readable(), timer.as_mut()).await {
        let conversation = Arc::new(Conversation::default());
        let half_closed = worker.shared.limits.half_closed;
        let stream = ClientStream::new(stream, Arc::clone(&conversation), half_closed);
        serve(worker, stream, Visitor::Local(peer.ip()), conversation, timer).await;
    }
}

/// A tunnel never closes its half only.
async fn serve_public(worker: Arc<Worker>, stream: UnixStream) {
    let mut timer = pin!(time::sleep(worker.shared.limits.client_head));
    if has_begun(&worker, stream.readable(), timer.as_mut()).await {
        serve(worker, stream, Visitor::Public, Arc::default(), timer).await;
    }
}

/// Waits for the first byte: hyper's own time-out begins with it.
async fn has_begun(
    worker: &Worker,
    readable: impl Future<Output = io::Result<()>>,
    timer: Pin<&mut Sleep>,
) -> bool {
    tokio::select! {
        // The first byte is nearly always there.
        biased;
        readable = readable => {
            if let Err(error) = &readable {
                debug!(%error, "connection failed");
            }
            readable.is_ok()
        }
        () = worker.shared.ending.cancelled() => false,
        () = timer => {
            debug!("closed: it never sent a byte");
            false
        }
    }
}

/// Serves one client connection to its end. `timer` has run for as long as the first byte was waited for.
async fn serve(
    worker: Arc<Worker>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    visitor: Visitor,
    conversation: Arc<Conversation>,
    timer: Pin<&mut Sleep>,
) {
    let ending = worker.shared.ending.clone();
    let patience = worker.shared.limits.client_head;
    let service = service_fn(|request: Request<Incoming>| {
        let owed = conversation.asks(request.version());
        // Both what is done at once and what is waited for may panic.
        let begin = AssertUnwindSafe(|| exchange::begin(&worker, visitor, request, &owed));
        let begun = panic::catch_unwind(begin);
        async move {
            let answered = match begun {
                Ok(begun) => AssertUnwindSafe(begun.answer()).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            let mut answer = answered.unwrap_or_else(|panic| {
                error!(panic = words(panic.as_ref()), "handling a request panicked");
                Refusal::Internal.response()
            });
            answer.body_mut().is_owed(owed);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut connection = pin!(worker.protocols.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let served = tokio::select! {
        // So that a request that is there already needs no timer.
        biased;
        served = connection.as_mut() => served,
        () = ending.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = Idle::new(&conversation, timer, patience) => {
            debug!("closed: nothing was asked for too long");
            connection.as_mut().graceful_shutdown();
            // Who doesn't even greet has nothing to say good-bye to.
            time::timeout(patience, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = served {
        debug!(%error, "connection ended");
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
