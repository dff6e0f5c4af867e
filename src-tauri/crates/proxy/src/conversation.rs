//! What the proxy knows of one client connection: whether an answer is owed, and how long nothing was asked.
//!
//! Theory of operation. hyper takes a client that has closed its half of the connection for one that has left, and TCP
//! has no way to tell them apart before something is written: then whoever has left answers with a reset. `nc -N` and
//! many a script close their half as soon as they have said all, and still want the answer. So the end of what a client
//! says is kept from hyper for a while where the client is owed an answer to a whole request, and for as long as the
//! answer moves. A client that has left is noticed by the reset, or at the end of that while.
//!
//! All of a connection happens on its worker's thread: the atomics are there for the compiler, and never contended.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// How many requests there were.
    asked: AtomicUsize,
    /// How many answers are owed.
    owed: AtomicUsize,
    /// The body of a request is on its way.
    is_sending: AtomicBool,
    is_http1: AtomicBool,
}

impl Conversation {
    /// A request has come.
    pub(crate) fn asks(self: &Arc<Self>, version: Version) -> Owed {
        self.asked.store(self.asked() + 1, Ordering::Relaxed);
        self.owed.store(self.owed.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.is_http1.store(version != Version::HTTP_2, Ordering::Relaxed);
        Owed(Arc::clone(self))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn owes(&self) -> bool {
        self.owed.load(Ordering::Relaxed) > 0
    }

    fn is_http1(&self) -> bool {
        self.is_http1.load(Ordering::Relaxed)
    }

    /// Whether the client has nothing more to say before it gets an answer.
    fn has_said_all(&self) -> bool {
        self.owes() && self.is_http1() && !self.is_sending.load(Ordering::Relaxed)
    }
}

/// An answer that the client has not got yet.
pub(crate) struct Owed(Arc<Conversation>);

impl Owed {
    /// Of a request that has a body.
    pub(crate) fn sending(&self) -> Sending {
        self.0.is_sending.store(true, Ordering::Relaxed);
        Sending(Arc::clone(&self.0))
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let owed = self.0.owed.load(Ordering::Relaxed);
        self.0.owed.store(owed.saturating_sub(1), Ordering::Relaxed);
    }
}

/// A body that is not whole yet, in HTTP/1, of which a connection has one at a time.
pub(crate) struct Sending(Arc<Conversation>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.is_sending.store(false, Ordering::Relaxed);
    }
}

/// Ends when nothing was asked for `limit` and nothing is owed, at the latest after twice that time. HTTP/1 has hyper's
/// own time-out for that from the first request on: then this never ends. `timer` is one that has run for some time.
pub(crate) struct Idle<'a> {
    conversation: &'a Conversation,
    timer: Pin<&'a mut Sleep>,
    limit: Duration,
    /// How many requests there were when the timer ran out last.
    before: Option<usize>,
}

impl<'a> Idle<'a> {
    pub(crate) const fn new(
        conversation: &'a Conversation,
        timer: Pin<&'a mut Sleep>,
        limit: Duration,
    ) -> Self {
        Self { conversation, timer, limit, before: None }
    }
}

impl Future for Idle<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { conversation, timer, limit, before } = self.get_mut();
        loop {
            if conversation.is_http1() {
                return Poll::Pending;
            }
            ready!(timer.as_mut().poll(context));
            let asked = conversation.asked();
            if !conversation.owes() && *before == Some(asked) {
                return Poll::Ready(());
            }
            *before = Some(asked);
            timer.as_mut().reset(Instant::now() + *limit);
        }
    }
}

/// A client's connection, of which the client may have closed its half.
pub(crate) struct ClientStream<S> {
    stream: S,
    conversation: Arc<Conversation>,
    patience: Duration,
    /// Since the client has closed its half.
    ended: Option<Box<Ended>>,
}

struct Ended {
    timer: Pin<Box<Sleep>>,
    /// Something was written since the timer was set.
    has_moved: bool,
}

impl<S> ClientStream<S> {
    pub(crate) const fn new(stream: S, conversation: Arc<Conversation>, patience: Duration) -> Self {
        Self { stream, conversation, patience, ended: None }
    }

    /// Ready when hyper may hear of the end.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let patience = self.patience;
        while self.conversation.has_said_all() {
            let ended = self.ended.get_or_insert_with(|| {
                Box::new(Ended { timer: Box::pin(sleep(patience)), has_moved: false })
            });
            ready!(ended.timer.as_mut().poll(context));
            if !std::mem::take(&mut ended.has_moved) {
                break;
            }
            ended.timer.as_mut().reset(Instant::now() + patience);
        }
        Poll::Ready(Ok(()))
    }

    fn written(&mut self, written: &Poll<io::Result<usize>>) {
        if let Some(ended) = &mut self.ended {
            ended.has_moved |= matches!(written, Poll::Ready(Ok(1..)));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let client = self.get_mut();
        if client.ended.is_some() {
            return client.poll_end(context);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut client.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        client.poll_end(context)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let client = self.get_mut();
        let written = Pin::new(&mut client.stream).poll_write(context, bytes);
        client.written(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let client = self.get_mut();
        let written = Pin::new(&mut client.stream).poll_write_vectored(context, pieces);
        client.written(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
