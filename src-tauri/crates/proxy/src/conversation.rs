//! What the proxy knows of one client connection: whether an answer is owed, and how long nothing was asked.
//!
//! Theory of operation. hyper takes a client that has closed its half of the connection for one that has left, and TCP
//! has no way to tell them apart before something is written: then whoever has left answers with a reset. `nc -N` and
//! many a script close their half as soon as they have said all, and still want the answer. So the end of what a client
//! says is kept from hyper for a while where the client is owed an answer to a whole request, and for as long as the
//! answer moves. A client that has left is noticed by the reset, or at the end of that while.
//!
//! Where a request has a body, its end is not the end of the request's way: hyper looks for what follows a body as soon
//! as it has handed out the last of it, which may lie there until a service is dialled. hyper reads on within a body
//! only when all that came of it is taken. So whoever takes the body is asked: if there is nothing for them once the end
//! was met, the client has broken off, and hyper is told.
//!
//! All of a connection happens on its worker's thread: the atomics are there for the compiler, and never contended.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

#[derive(Debug)]
pub(crate) struct Conversation {
    begun: Instant,
    /// How many answers are owed.
    owed: AtomicUsize,
    /// Since when none is, in milliseconds after `begun`.
    quiet: AtomicU64,
    /// The body of a request is on its way.
    is_sending: AtomicBool,
    /// The client has closed its half meanwhile.
    is_cut: AtomicBool,
    /// And nothing more of the body is there.
    is_broken_off: AtomicBool,
    /// Of whoever takes the body.
    taker: AtomicWaker,
    /// Of whoever reads the connection, and has met its end.
    reader: AtomicWaker,
    /// The client has not taken all that was written for it.
    is_behind: AtomicBool,
    is_http1: bool,
}

impl Conversation {
    pub(crate) fn new(is_http1: bool) -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            owed: AtomicUsize::new(0),
            quiet: AtomicU64::new(0),
            is_sending: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            is_broken_off: AtomicBool::new(false),
            taker: AtomicWaker::new(),
            reader: AtomicWaker::new(),
            is_behind: AtomicBool::new(false),
            is_http1,
        })
    }

    /// A request has come.
    pub(crate) fn asks(self: &Arc<Self>) -> Owed {
        self.owed.store(self.owed.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Owed { conversation: Arc::clone(self), given: None }
    }

    fn owes(&self) -> bool {
        self.owed.load(Ordering::Relaxed) > 0
    }

    fn is_sending(&self) -> bool {
        self.is_sending.load(Ordering::Relaxed)
    }

    /// From now on nothing is owed, and nothing of what was is still to be taken.
    fn falls_quiet(&self, now: Instant) {
        let since = now.saturating_duration_since(self.begun);
        let quiet = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.quiet.store(quiet, Ordering::Relaxed);
    }

    /// Whether the client takes what is written for it. The end of an answer that is not owed any more waits for that.
    fn is_behind(&self, is_behind: bool) {
        if self.is_behind.load(Ordering::Relaxed) != is_behind {
            self.is_behind.store(is_behind, Ordering::Relaxed);
            self.falls_quiet(Instant::now());
        }
    }

    /// Whether the client neither waits for an answer, nor has still to take one, nor is sending.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.owes() && !self.is_sending() && !self.is_behind.load(Ordering::Relaxed)
    }

    /// Since when the client has said nothing that is a request; none while it is not quiet.
    fn quiet_since(&self) -> Option<Instant> {
        self.is_quiet().then(|| self.begun + Duration::from_millis(self.quiet.load(Ordering::Relaxed)))
    }

    /// Whether the client, which has closed its half, is owed an answer to all that it has said. `context` is woken when
    /// a body turns out to be broken off.
    fn may_have_said_all(&self, context: &Context<'_>) -> bool {
        if !self.owes() || !self.is_http1 {
            return false;
        }
        if !self.is_sending() {
            return true;
        }
        self.reader.register(context.waker());
        if !self.is_cut.swap(true, Ordering::Relaxed) {
            self.taker.wake();
        }
        !self.is_broken_off.load(Ordering::Relaxed)
    }
}

/// An answer that the client has not got yet.
pub(crate) struct Owed {
    conversation: Arc<Conversation>,
    /// Else it is when this is dropped.
    given: Option<Instant>,
}

impl Owed {
    /// The client has got all of it by `now`.
    pub(crate) fn is_given(&mut self, now: std::time::Instant) {
        self.given = Some(Instant::from_std(now));
    }

    /// Of a request that has a body.
    pub(crate) fn sending(&self) -> Sending {
        self.conversation.is_sending.store(true, Ordering::Relaxed);
        Sending(Arc::clone(&self.conversation))
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let left = self.conversation.owed.load(Ordering::Relaxed).saturating_sub(1);
        self.conversation.owed.store(left, Ordering::Relaxed);
        if left == 0 {
            self.conversation.falls_quiet(self.given.unwrap_or_else(Instant::now));
        }
    }
}

/// A body that is not whole yet, in HTTP/1, of which a connection has one at a time.
pub(crate) struct Sending(Arc<Conversation>);

impl Sending {
    /// All that came of it is taken, and more is waited for by `context`.
    pub(crate) fn is_wanted(&self, context: &Context<'_>) {
        self.0.taker.register(context.waker());
        if self.0.is_cut.load(Ordering::Relaxed) {
            self.0.is_broken_off.store(true, Ordering::Relaxed);
            self.0.reader.wake();
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.is_sending.store(false, Ordering::Relaxed);
    }
}

/// Ends when nothing was asked for `limit`, while nothing is owed. The head of a request that isn't whole is nothing.
/// `timer` may have been set for anything that is no later: it is set again where it runs out too early, so that a
/// request needs none of its own.
pub(crate) struct Idle<'a> {
    conversation: &'a Conversation,
    timer: Pin<&'a mut Sleep>,
    limit: Duration,
}

impl<'a> Idle<'a> {
    pub(crate) const fn new(
        conversation: &'a Conversation,
        timer: Pin<&'a mut Sleep>,
        limit: Duration,
    ) -> Self {
        Self { conversation, timer, limit }
    }

    /// Whether the timer has run out, of which nothing follows as long as an answer is owed.
    pub(crate) fn is_due(&self) -> bool {
        !self.conversation.owes() && self.timer.is_elapsed()
    }
}

impl Future for Idle<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { conversation, timer, limit } = self.get_mut();
        loop {
            ready!(timer.as_mut().poll(context));
            let now = Instant::now();
            let until = conversation.quiet_since().unwrap_or(now) + *limit;
            if until <= now {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }
}

/// A client's connection, of which the client may have closed its half.
pub(crate) struct ClientStream<S> {
    stream: S,
    conversation: Arc<Conversation>,
    /// With who has done so, while nothing moves.
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
        while self.conversation.may_have_said_all(context) {
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
        self.conversation.is_behind(written.is_pending());
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn nobody_is_idle_who_has_not_taken_all_of_an_answer_yet() {
        let (mut client, stream) = duplex(100);
        let conversation = Conversation::new(true);
        let mut stream = ClientStream::new(stream, Arc::clone(&conversation), Duration::ZERO);
        let owed = conversation.asks();
        let writing = tokio::spawn(async move { stream.write_all(&[b'x'; 150]).await.map(|()| stream) });
        let mut timer = pin!(sleep(LIMIT));
        let mut idle = pin!(Idle::new(&conversation, timer.as_mut(), LIMIT));
        timeout(5 * LIMIT, idle.as_mut()).await.expect_err("it is owed an answer");
        drop(owed);
        timeout(5 * LIMIT, idle.as_mut()).await.expect_err("it has not taken all of it");
        client.read_exact(&mut [0; 150]).await.unwrap();
        let _stream = writing.await.unwrap().unwrap();
        let taken = Instant::now();
        idle.await;
        assert_eq!(taken.elapsed().as_secs(), LIMIT.as_secs());
    }
}
