//! A client that sends its body only when it is told to (`Expect: 100-continue`).
//!
//! Theory of operation: the service is asked, and decides. hyper's server says 100 as soon as somebody reads the
//! client's body, and its client tells of a 100 that the service said: so the body is not read until the service has
//! said so. Who knows nothing of this keeps silent, and is sent the body after a while, as by any client (RFC 9110,
//! 10.1.1). Who answers at once gets no body at all.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode, Version};
use hyper::ext::on_informational;
use tokio::time::{Sleep, sleep};

use crate::request_body::Progress;

const OPEN: u8 = 0;
const WANTED: u8 = 1;
const REFUSED: u8 = 2;

/// Whether the service wants the body.
pub(crate) struct Expectation {
    state: AtomicU8,
    waker: AtomicWaker,
}

impl Expectation {
    /// None where the client does not wait. Of HTTP/2 hyper says no 100 Continue, and HTTP/1.0 knows none.
    pub(crate) fn of(request: &Parts) -> Option<Self> {
        let mut expectations = request.headers.get_all(EXPECT).iter();
        let expectation = expectations.next().filter(|_| request.version == Version::HTTP_11)?;
        // What else might be expected the service is not told of.
        let is_clear =
            expectation.as_bytes().eq_ignore_ascii_case(b"100-continue") && expectations.next().is_none();
        let state = if is_clear { OPEN } else { WANTED };
        Some(Self { state: AtomicU8::new(state), waker: AtomicWaker::new() })
    }

    /// Has the service asked about the body of `request`, if that is open: `progress` is the body's.
    pub(crate) fn ask<B>(progress: &Arc<Progress>, request: &mut Request<B>) {
        let is_open = |expectation: &Self| expectation.state.load(Ordering::Relaxed) == OPEN;
        if !progress.expectation.as_ref().is_some_and(is_open) {
            return;
        }
        request.headers_mut().insert(EXPECT, HeaderValue::from_static("100-continue"));
        let progress = Arc::clone(progress);
        on_informational(request, move |answer| {
            if answer.status() == StatusCode::CONTINUE
                && let Some(expectation) = &progress.expectation
            {
                expectation.is_wanted();
            }
        });
    }

    pub(crate) fn is_wanted(&self) {
        self.decide(WANTED);
    }

    /// There is an answer. Of a body that was asked for before that changes nothing.
    pub(crate) fn is_answered(&self) {
        self.decide(REFUSED);
    }

    pub(crate) fn was_refused(&self) -> bool {
        self.state.load(Ordering::Relaxed) == REFUSED
    }

    fn decide(&self, state: u8) {
        if self.state.compare_exchange(OPEN, state, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.waker.wake();
        }
    }
}

/// What the body waits for.
pub(crate) struct Waiting {
    progress: Arc<Progress>,
    patience: Duration,
    /// From the first moment on in which the body could be sent.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Waiting {
    pub(crate) fn new(progress: &Arc<Progress>, patience: Duration) -> Self {
        Self { progress: Arc::clone(progress), patience, timer: None }
    }

    /// Whether the service wants the body, once that is decided.
    pub(crate) fn poll_is_wanted(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let Some(expectation) = &self.progress.expectation else { return Poll::Ready(true) };
        expectation.waker.register(context.waker());
        match expectation.state.load(Ordering::Acquire) {
            WANTED => return Poll::Ready(true),
            REFUSED => return Poll::Ready(false),
            _ => {}
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        if timer.as_mut().poll(context).is_ready() {
            expectation.is_wanted();
            return Poll::Ready(true);
        }
        Poll::Pending
    }
}
