//! One HTTP/1 connection to a service, for one request at a time.
//!
//! Theory of operation. hyper gives two halves: one to ask with, and a driver that moves the bytes. The driver runs in
//! the task of whoever waits for the answer, which is the task of the client's connection: so a request and its answer
//! wake nobody else on their way. It gets a task of its own only where something is to move that the client may not be
//! waiting for: the rest of a request's body while the answer comes already, and what follows a change of protocol.
//!
//! A driver keeps the waker that it was polled with, and a kept connection is used by one task after the other. So it
//! is always polled with the same one, which passes on to whoever waits now: nobody is woken for a request of
//! another's, and an unused connection wakes the pool when it is closed.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, coop};
use tokio::time::Instant;
use tracing::debug;

use crate::brief::Brief;
use crate::patience::Patience;
use crate::request_body::{Progress, RequestBody};

type Connection = http1::Connection<TokioIo<Brief<TcpStream>>, RequestBody>;

/// Of one pointer, as each answer has one and is moved with it.
pub(crate) struct Http1(Box<Halves>);

struct Halves {
    port: u16,
    requests: http1::SendRequest<RequestBody>,
    driver: Driver,
    wakes: Arc<Wakes>,
    /// Passes on to `wakes`.
    waker: Waker,
    /// For the head of an answer.
    patience: Patience,
}

/// The head of an answer, or why there is none.
pub(crate) type Answered = Result<Response<Incoming>, TrySendError<Request<RequestBody>>>;

pin_project! {
    /// A request that a connection was given.
    pub(crate) struct Sent<S> {
        #[pin]
        sending: S,
        since: Instant,
    }
}

enum Driver {
    Here(Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>),
    /// In a task of its own, which ends with the connection's last use.
    Apart(AbortHandle),
    Ended,
}

/// Whether a request can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    /// The last request is still on its way.
    Busy,
    Closed,
}

impl Http1 {
    pub(crate) fn new(port: u16, requests: http1::SendRequest<RequestBody>, driver: Connection) -> Self {
        let (wakes, driver) = (Arc::new(Wakes::default()), Driver::Here(Box::pin(driver.with_upgrades())));
        let waker = Waker::from(Arc::clone(&wakes));
        Self(Box::new(Halves { port, requests, driver, wakes, waker, patience: Patience::default() }))
    }

    pub(crate) fn readiness(&self) -> Readiness {
        if self.0.requests.is_ready() {
            Readiness::Ready
        } else if self.0.requests.is_closed() || matches!(self.0.driver, Driver::Ended) {
            Readiness::Closed
        } else {
            Readiness::Busy
        }
    }

    /// From now on nobody waits for it but the pool, which `waker` wakes when the service has closed it.
    pub(crate) fn rest(&mut self, waker: &Waker) {
        self.0.wakes.lead_to(waker);
        if self.readiness() == Readiness::Busy {
            self.0.drive();
        }
        if self.readiness() == Readiness::Busy {
            self.go_apart();
        }
    }

    /// Whether it is of no more use, for one that rests.
    pub(crate) fn is_spent(&mut self) -> bool {
        self.0.drive();
        self.readiness() == Readiness::Closed
    }

    /// Hands a request to it, of which nothing moves before its answer is waited for.
    pub(crate) fn send(
        &mut self,
        request: Request<RequestBody>,
        now: std::time::Instant,
    ) -> Sent<impl Future<Output = Answered> + Send + use<>> {
        let halves = &mut *self.0;
        // The driver is polled with the answer, so nobody is to be woken for it.
        let sending = halves.wakes.unheard(|| halves.requests.try_send_request(request));
        Sent { sending, since: now.into() }
    }

    /// Polls what this connection gives, where that is not there already after it has moved what it can.
    pub(crate) fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let halves = &mut *self.0;
        if matches!(halves.driver, Driver::Here(_))
            && coop::has_budget_remaining()
            && let Poll::Ready(given) = halves.wakes.unheard(|| poll(&mut unwoken()))
        {
            return Poll::Ready(given);
        }
        halves.poll(context, poll)
    }

    /// Has the driver go on whether anybody waits or not.
    pub(crate) fn go_apart(&mut self) {
        let port = self.0.port;
        match std::mem::replace(&mut self.0.driver, Driver::Ended) {
            Driver::Here(driver) => {
                let task = tokio::spawn(async move { tell_end(driver.await, port) });
                self.0.driver = Driver::Apart(task.abort_handle());
            }
            driver => self.0.driver = driver,
        }
    }

    /// Ends it, whatever is on its way.
    pub(crate) fn abort(self) {
        if let Driver::Apart(task) = self.0.driver {
            task.abort();
        }
    }
}

impl<S: Future<Output = Answered>> Sent<S> {
    /// The head of the answer, over the connection that the request was handed to. None if it doesn't come within `limit`
    /// since the request's body last moved.
    pub(crate) fn poll_answer(
        self: Pin<&mut Self>,
        connection: &mut Http1,
        context: &mut Context<'_>,
        limit: Duration,
        progress: Option<&Progress>,
    ) -> Poll<Option<Answered>> {
        let (mut sent, halves) = (self.project(), &mut *connection.0);
        if let Poll::Ready(answered) = halves.poll(context, |context| sent.sending.as_mut().poll(context)) {
            return Poll::Ready(Some(answered));
        }
        halves.patience.poll(context, limit, *sent.since, progress).map(|()| None)
    }
}

impl Halves {
    fn drive(&mut self) {
        if let Driver::Here(driver) = &mut self.driver
            && let Poll::Ready(ended) = driver.as_mut().poll(&mut Context::from_waker(&self.waker))
        {
            tell_end(ended, self.port);
            self.driver = Driver::Ended;
        }
    }

    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if matches!(self.driver, Driver::Here(_)) {
            self.wakes.lead_to(context.waker());
            self.drive();
            // Without budget left tokio wakes whoever asks so that it asks again.
            if coop::has_budget_remaining() {
                return self.wakes.unheard(|| poll(&mut unwoken()));
            }
        }
        poll(context)
    }
}

/// To poll with what wakes nobody.
const fn unwoken() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn tell_end(ended: hyper::Result<()>, port: u16) {
    if let Err(error) = ended {
        debug!(%error, port, "connection to the service ended");
    }
}

/// Wakes whoever waits for something of a connection.
#[derive(Default)]
struct Wakes {
    waiting: Mutex<Option<Waker>>,
    /// While it is asked for what the driver gives: who asks needs no wake of itself.
    is_deaf: AtomicBool,
}

impl Wakes {
    /// Does what asks the driver for something. Only the driver gives anything, and it has its turn whenever nothing is
    /// there: so neither is it to wake this task, nor whoever asks the driver.
    fn unheard<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.is_deaf.store(true, Ordering::Relaxed);
        let given = ask();
        self.is_deaf.store(false, Ordering::Relaxed);
        given
    }

    fn lead_to(&self, waker: &Waker) {
        let mut present = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *present {
            Some(present) => present.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_deaf.load(Ordering::Relaxed) {
            return;
        }
        if let Some(waker) = &*self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }
}
