//! One client connection, from its first byte to its end.
//!
//! Theory of operation. What is large is there only where it is used: the state of a connection before its first byte is
//! small, that of HTTP/1 is all that most ever need, and HTTP/2 has a box of its own. There is one timer for all times
//! in which something is waited for of the client (`Idle`).

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{self, Sleep};
use tracing::debug;

use crate::admission::Place;
use crate::answering::Answering;
use crate::brief::Brief;
use crate::conversation::{ClientStream, Conversation, Idle};
use crate::dial::{LARGEST_PIECE, list_size};
use crate::greeting::{Greeted, Spoken};
use crate::http1::Answered;
use crate::visitor::Visitor;
use crate::worker::Worker;
use crate::{Limits, exchange};

/// How hyper is to speak with clients.
pub(crate) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(crate) fn new(limits: &Limits) -> Self {
        let mut http1 = http1::Builder::new();
        // How long a head may take is `Idle`'s business.
        http1.header_read_timeout(None);
        http1.max_header_size(limits.headers).max_buf_size(limits.headers.max(LARGEST_PIECE));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(limits.client_head)
            .max_header_list_size(list_size(limits))
            .adaptive_window(true);
        Self { http1, http2 }
    }
}

pub(crate) async fn serve_local(worker: Arc<Worker>, stream: TcpStream, peer: SocketAddr) {
    let mut stream = Greeted::new(Brief(stream));
    let mut timer = pin!(time::sleep(worker.shared.limits.client_head));
    let address: IpAddr = peer.ip();
    if let Some(spoken) = greeting(&worker, &mut stream, timer.as_mut()).await {
        let conversation = Conversation::new(spoken == Spoken::Http1);
        let half_closed = worker.shared.limits.half_closed;
        let stream = ClientStream::new(stream, Arc::clone(&conversation), half_closed);
        serve(&worker, spoken, stream, Visitor::Local(address), conversation, timer).await;
    }
}

/// A tunnel never closes its half only.
pub(crate) async fn serve_public(worker: Arc<Worker>, stream: UnixStream) {
    let mut stream = Greeted::new(Brief(stream));
    let mut timer = pin!(time::sleep(worker.shared.limits.client_head));
    if let Some(spoken) = greeting(&worker, &mut stream, timer.as_mut()).await {
        let conversation = Conversation::new(spoken == Spoken::Http1);
        let stream = ClientStream::new(stream, Arc::clone(&conversation), Duration::ZERO);
        serve(&worker, spoken, stream, Visitor::Public, conversation, timer).await;
    }
}

/// Waits for what is said first. None where nobody says anything.
async fn greeting<S: AsyncRead + Unpin>(
    worker: &Worker,
    stream: &mut Greeted<S>,
    timer: Pin<&mut Sleep>,
) -> Option<Spoken> {
    tokio::select! {
        // It is nearly always there.
        biased;
        spoken = poll_fn(|context| stream.poll_greeting(context)) => spoken.unwrap_or_else(|error| {
            debug!(%error, "connection failed");
            None
        }),
        () = worker.shared.ending.cancelled() => None,
        () = timer => {
            debug!("closed: it didn't say what it speaks");
            None
        }
    }
}

/// Serves one client connection to its end. `timer` is set for a time that is no later than the first head may take.
async fn serve(
    worker: &Arc<Worker>,
    spoken: Spoken,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    visitor: Visitor,
    conversation: Arc<Conversation>,
    timer: Pin<&mut Sleep>,
) {
    let served = match spoken {
        Spoken::Http1 => serve_http1(worker, stream, visitor, &conversation, timer).await,
        Spoken::Http2 => Box::pin(serve_http2(worker, stream, visitor, &conversation, timer)).await,
    };
    if let Err(error) = served {
        debug!(%error, "connection ended");
    }
}

async fn serve_http1(
    worker: &Arc<Worker>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    visitor: Visitor,
    conversation: &Arc<Conversation>,
    timer: Pin<&mut Sleep>,
) -> hyper::Result<()> {
    let service = service_fn(|request| answer(worker, visitor, conversation, request));
    let connection = worker.protocols.http1.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.with_upgrades());
    let mut ending = pin!(worker.shared.ending.cancelled());
    let mut idle = Idle::new(conversation, timer, worker.shared.limits.client_head);
    // The two wake this task, so once they know it they are only asked whether they have: this is polled with the same
    // waker for as long as it lives.
    let mut is_watched = false;
    let mut place = Place::default();
    let ended = poll_fn(|context| {
        // Whoever has nothing on its way can only be about to begin something.
        if is_watched && conversation.is_quiet() && worker.admission.poll(&mut place, context).is_pending() {
            return Poll::Pending;
        }
        // First, so that a request that is there already needs no timer.
        if let Poll::Ready(served) = connection.as_mut().poll(context) {
            return Poll::Ready(Ended::Itself(served));
        }
        if (!is_watched || worker.shared.is_ending()) && ending.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ended::WithProxy);
        }
        if (!is_watched || idle.is_due()) && Pin::new(&mut idle).poll(context).is_ready() {
            return Poll::Ready(Ended::Idle);
        }
        is_watched = true;
        Poll::Pending
    });
    match ended.await {
        Ended::Itself(served) => served,
        Ended::WithProxy => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        Ended::Idle => {
            debug!("closed: nothing was asked for too long");
            Ok(())
        }
    }
}

/// Why a connection is served no more.
enum Ended {
    Itself(hyper::Result<()>),
    WithProxy,
    Idle,
}

async fn serve_http2(
    worker: &Arc<Worker>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    visitor: Visitor,
    conversation: &Arc<Conversation>,
    timer: Pin<&mut Sleep>,
) -> hyper::Result<()> {
    let patience = worker.shared.limits.client_head;
    let service = service_fn(|request| answer(worker, visitor, conversation, request));
    let mut connection = pin!(worker.protocols.http2.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        served = connection.as_mut() => served,
        () = worker.shared.ending.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = Idle::new(conversation, timer, patience) => {
            debug!("closed: nothing was asked for too long");
            connection.as_mut().graceful_shutdown();
            // Who doesn't even greet has nothing to say good-bye to.
            time::timeout(patience, connection).await.unwrap_or(Ok(()))
        }
    }
}

/// Answers one request, come what may.
fn answer(
    worker: &Arc<Worker>,
    visitor: Visitor,
    conversation: &Arc<Conversation>,
    request: Request<Incoming>,
) -> Answering<impl Future<Output = Answered> + Send + use<>> {
    Answering::new(conversation.asks(), |owed| exchange::begin(worker, visitor, request, owed))
}
