//! The bodies that pass through, in both directions: frame by frame, nothing kept.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::pool::Lease;
use crate::watch::Events;

type Polled = Poll<Option<Result<Frame<Bytes>, hyper::Error>>>;

/// What a client gets.
pub(crate) enum AnswerBody {
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
        Self::Full(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        match self.get_mut() {
            Self::Service { body, lease } => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                if frame.is_none() {
                    lease.give_back();
                }
                Poll::Ready(frame)
            }
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Events(events) => {
                events.poll_next(context).map(|event| event.map(|event| Ok(Frame::data(event))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service { body, .. } => body.is_end_stream(),
            Self::Full(bytes) => bytes.is_none(),
            Self::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service { body, .. } => body.size_hint(),
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

impl Drop for AnswerBody {
    /// A body of known length is complete before anyone asks for the frame after its last one.
    fn drop(&mut self) {
        if let Self::Service { body, lease } = self
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

/// When the client's body last moved. The time that a service has for its answer counts from there, so that an
/// upload may take any time as long as it goes on.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(crate) fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
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

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if let Some(progress) = &self.progress {
            progress.touch();
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
