//! What a service gets: the client's body, frame by frame, nothing kept.
//!
//! Theory of operation. A body that nobody wants any more, since an answer is there already, is not to be left unread:
//! a connection that is closed with unread bytes is reset, and the reset overtakes the answer. So the rest of it is
//! read for nobody, for a while. What a client holds back until it is told to go on is not asked for then.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http::request::Parts;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use crate::Limits;
use crate::body::Polled;
use crate::conversation::{Owed, Sending};
use crate::expectation::{Expectation, Waiting};
use crate::headers::prepare_trailers;

/// The client's body, or none.
pub(crate) struct RequestBody(Option<Box<Arriving>>);

struct Arriving {
    /// None once it has ended.
    body: Option<Incoming>,
    progress: Arc<Progress>,
    /// Until the client may be asked for it.
    waiting: Option<Waiting>,
    /// HTTP/1 ends the whole connection over a body that was not read; HTTP/2 has streams.
    sending: Option<Sending>,
    /// For how long it is read for nobody.
    drained: Duration,
}

/// How much of the client's body has moved, and when it last did. The time that a service has for its answer counts
/// from there, so that an upload may take any time as long as it goes on.
pub(crate) struct Progress {
    last: Mutex<Instant>,
    bytes: AtomicU64,
    is_whole: AtomicBool,
    /// Of a client that waits to be told to go on.
    pub(crate) expectation: Option<Expectation>,
}

impl Progress {
    pub(crate) fn new(expectation: Option<Expectation>) -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            bytes: AtomicU64::new(0),
            is_whole: AtomicBool::new(false),
            expectation,
        }
    }

    pub(crate) fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn moved(&self, bytes: usize) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Whether the service was sent all of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Relaxed)
    }

    /// Whether the service has answered without asking for it.
    pub(crate) fn was_refused(&self) -> bool {
        self.expectation.as_ref().is_some_and(Expectation::was_refused)
    }

    /// How much of it came.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl RequestBody {
    /// `owed` is the answer.
    pub(crate) fn new(body: Incoming, request: &Parts, owed: &Owed, limits: &Limits) -> Self {
        if body.is_end_stream() {
            return Self::empty();
        }
        let progress = Arc::new(Progress::new(Expectation::of(request)));
        let waiting = progress.expectation.is_some().then(|| Waiting::new(&progress, limits.expectation));
        let sending = (request.version != Version::HTTP_2).then(|| owed.sending());
        Self(Some(Box::new(Arriving {
            body: Some(body),
            progress,
            waiting,
            sending,
            drained: limits.drained,
        })))
    }

    pub(crate) const fn empty() -> Self {
        Self(None)
    }

    /// None for a request without a body.
    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.0.as_ref().map(|arriving| Arc::clone(&arriving.progress))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        match &mut self.get_mut().0 {
            Some(arriving) => arriving.poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|arriving| arriving.body.as_ref().is_some_and(Body::is_end_stream))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Some(arriving) => arriving.body.as_ref().map_or_else(SizeHint::default, Body::size_hint),
            None => SizeHint::with_exact(0),
        }
    }
}

impl Arriving {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Polled {
        if let Some(waiting) = &mut self.waiting {
            if !ready!(waiting.poll_is_wanted(context)) {
                // The service has answered without it. Let go, so that the client's connection ends after the answer;
                // and never ended towards the service, to which a part would look like the whole.
                self.body = None;
                self.sending = None;
                return Poll::Pending;
            }
            self.waiting = None;
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let mut frame = ready!(Pin::new(&mut *body).poll_frame(context));
        let is_last = match &mut frame {
            Some(Ok(frame)) => {
                self.progress.moved(frame.data_ref().map_or(0, Bytes::len));
                if let Some(trailers) = frame.trailers_mut() {
                    prepare_trailers(trailers);
                }
                frame.is_trailers() || body.is_end_stream()
            }
            Some(Err(_)) => {
                self.sending = None;
                return Poll::Ready(frame);
            }
            None => true,
        };
        if is_last {
            self.progress.is_whole.store(true, Ordering::Relaxed);
            self.sending = None;
        }
        let is_left = |frame: &Frame<Bytes>| frame.trailers_ref().is_none_or(|trailers| !trailers.is_empty());
        Poll::Ready(frame.filter(|frame| frame.as_ref().map_or(true, is_left)))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let (Some(body), Some(sending), None) = (self.body.take(), self.sending.take(), &self.waiting)
            && let Ok(worker) = Handle::try_current()
        {
            worker.spawn(drain(body, sending, self.drained));
        }
    }
}

/// `_sending` ends with it.
async fn drain(mut body: Incoming, _sending: Sending, limit: Duration) {
    let _ = timeout(limit, async { while let Some(Ok(_)) = body.frame().await {} }).await;
}
