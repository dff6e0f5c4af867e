//! The bodies that pass through, in both directions: frame by frame, nothing kept.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::Trouble;
use crate::passage::Passage;
use crate::pool::Lease;
use crate::watch::Events;

type Polled = Poll<Option<Result<Frame<Bytes>, hyper::Error>>>;

/// What a client gets.
pub(crate) struct AnswerBody {
    source: Source,
    /// Ends with the answer; none for what is not worth noting.
    passage: Option<Box<Passage>>,
}

enum Source {
    /// From a service; its connection goes back to the pool after the last frame.
    Service {
        body: Incoming,
        lease: Lease,
    },
    /// A page. None once it was sent.
    Full(Option<Bytes>),
    Events(Events),
}

impl AnswerBody {
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self { source: Source::Full(Some(bytes).filter(|bytes| !bytes.is_empty())), passage: None }
    }

    pub(crate) fn events(events: Events) -> Self {
        Self { source: Source::Events(events), passage: None }
    }

    pub(crate) fn of_service(body: Incoming, lease: Lease) -> Self {
        Self { source: Source::Service { body, lease }, passage: None }
    }

    pub(crate) fn ends(&mut self, passage: Box<Passage>) {
        self.passage = Some(passage);
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let Self { source, passage } = self.get_mut();
        let frame = match source {
            Source::Service { body, lease } => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                match (&frame, passage.as_mut()) {
                    (None, _) => lease.give_back(),
                    (Some(Err(_)), Some(passage)) => passage.is_in_trouble(Trouble::Reset),
                    _ => {}
                }
                frame
            }
            Source::Full(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Source::Events(events) => ready!(events.poll_next(context)).map(|event| Ok(Frame::data(event))),
        };
        if let (Some(Ok(frame)), Some(passage)) = (&frame, passage) {
            passage.sends(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Service { body, .. } => body.is_end_stream(),
            Source::Full(bytes) => bytes.is_none(),
            Source::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Service { body, .. } => body.size_hint(),
            Source::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Source::Events(_) => SizeHint::default(),
        }
    }
}

impl Drop for AnswerBody {
    /// A body of known length is complete before anyone asks for the frame after its last one.
    fn drop(&mut self) {
        if let Source::Service { body, lease } = &mut self.source
            && body.is_end_stream()
        {
            lease.give_back();
        }
    }
}

/// What a service gets: the client's body, or none.
pub(crate) struct RequestBody {
    body: Option<Incoming>,
    progress: Option<Progress>,
}

/// How much of the client's body has moved, and when it last did. The time that a service has for its answer counts
/// from there, so that an upload may take any time as long as it goes on.
#[derive(Clone)]
pub(crate) struct Progress {
    last: Arc<Mutex<Instant>>,
    bytes: Arc<AtomicU64>,
    is_whole: Arc<AtomicBool>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { last: Arc::new(Mutex::new(Instant::now())), bytes: Arc::default(), is_whole: Arc::default() }
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

    pub(crate) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }
}

impl RequestBody {
    pub(crate) fn new(body: Incoming) -> Self {
        if body.is_end_stream() {
            return Self::empty();
        }
        Self { body: Some(body), progress: Some(Progress::new()) }
    }

    pub(crate) fn empty() -> Self {
        Self { body: None, progress: None }
    }

    /// None for a request without a body.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.progress.clone()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let Self { body, progress } = self.get_mut();
        let Some(body) = body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        if let Some(progress) = progress {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            progress.moved(data.map_or(0, Bytes::len));
            if frame.is_none() || (body.is_end_stream() && !matches!(frame, Some(Err(_)))) {
                progress.is_whole.store(true, Ordering::Relaxed);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
