//! What clients get: the bodies of services, frame by frame and nothing kept, pages, and events.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::Trouble;
use crate::conversation::Owed;
use crate::headers::remove_hops;
use crate::passage::Passage;
use crate::pool::Lease;
use crate::watch::Events;

pub(crate) type Polled = Poll<Option<Result<Frame<Bytes>, hyper::Error>>>;

/// What a client gets.
pub(crate) struct AnswerBody {
    source: Source,
    /// Ends with the answer; none for what is not worth noting.
    passage: Option<Box<Passage>>,
    /// As long as the client has not got all of it.
    owed: Option<Owed>,
}

enum Source {
    /// From a service; its connection goes back to the pool after the last frame.
    Service {
        body: Incoming,
        lease: Lease,
        /// How it broke off, until that may be told.
        broken: Option<hyper::Error>,
    },
    /// A page. None once it was sent.
    Full(Option<Bytes>),
    Events(Events),
}

impl AnswerBody {
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self {
            source: Source::Full(Some(bytes).filter(|bytes| !bytes.is_empty())),
            passage: None,
            owed: None,
        }
    }

    pub(crate) fn events(events: Events) -> Self {
        Self { source: Source::Events(events), passage: None, owed: None }
    }

    pub(crate) fn of_service(body: Incoming, lease: Lease) -> Self {
        Self { source: Source::Service { body, lease, broken: None }, passage: None, owed: None }
    }

    /// What it comes over, of a service's.
    pub(crate) const fn lease(&self) -> Option<&Lease> {
        match &self.source {
            Source::Service { lease, .. } => Some(lease),
            Source::Full(_) | Source::Events(_) => None,
        }
    }

    /// There is no body: the protocol changes, and the service's connection is no more the pool's.
    pub(crate) fn leave(&mut self) {
        if let Source::Service { lease, .. } = std::mem::replace(&mut self.source, Source::Full(None)) {
            lease.leave();
        }
    }

    pub(crate) fn ends(&mut self, passage: Box<Passage>) {
        self.passage = Some(passage);
    }

    pub(crate) fn is_owed(&mut self, owed: Owed) {
        self.owed = Some(owed);
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let Self { source, passage, .. } = self.get_mut();
        let frame = match source {
            Source::Service { body, lease, broken } => {
                if let Some(error) = broken.take() {
                    return Poll::Ready(Some(Err(error)));
                }
                let mut frame =
                    ready!(lease.poll(context, |context| Pin::new(&mut *body).poll_frame(context)));
                if let Some(trailers) =
                    frame.as_mut().and_then(|frame| frame.as_mut().ok()).and_then(Frame::trailers_mut)
                {
                    remove_hops(trailers);
                }
                match (&frame, passage.as_mut()) {
                    (None, _) => lease.give_back(Instant::now()),
                    (Some(Err(_)), Some(passage)) => passage.is_in_trouble(Trouble::Reset),
                    _ => {}
                }
                if let Some(Err(error)) = frame {
                    // hyper drops what it has not written yet as soon as it hears of it, which may be all that came.
                    *broken = Some(error);
                    context.waker().wake_by_ref();
                    return Poll::Pending;
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
        // Asked for once: each look at the clock is a hundredth of what a request costs.
        let now = Instant::now();
        if let Source::Service { body, lease, .. } = &mut self.source
            && body.is_end_stream()
        {
            lease.give_back(now);
        }
        if let Some(passage) = &mut self.passage {
            passage.is_done(now);
        }
        if let Some(owed) = &mut self.owed {
            owed.is_given(now);
        }
    }
}
