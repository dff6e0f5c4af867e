//! One request on its way: counted and noted when its answer has been sent, however it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::body::AnswerBody;
use crate::journal::{Record, shortened};
use crate::proxy::Shared;
use crate::request_body::Progress;
use crate::visitor::Visitor;
use crate::{Audience, Route, Trouble};

/// Noted when it is dropped.
pub(crate) struct Passage {
    shared: Arc<Shared>,
    begun: Instant,
    /// Else it ends when it is dropped.
    done: Option<Instant>,
    visitor: Visitor,
    method: Method,
    host: Arc<str>,
    path: Box<str>,
    route: Option<Arc<Route>>,
    head: Option<(StatusCode, Duration)>,
    received: Option<Arc<Progress>>,
    sent: u64,
    trouble: Option<Trouble>,
    /// Where to say the number of the record, to whoever has more to say of it.
    number: Option<Number>,
}

/// The number of a record, once it is noted; 0 before.
#[derive(Clone, Default)]
pub(crate) struct Number(Arc<AtomicU64>);

impl Number {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Passage {
    pub(crate) fn new(shared: &Arc<Shared>, visitor: Visitor, request: &Parts, host: Arc<str>) -> Box<Self> {
        Box::new(Self {
            shared: Arc::clone(shared),
            begun: Instant::now(),
            done: None,
            visitor,
            method: request.method.clone(),
            host,
            path: shortened(request.uri.path()),
            route: None,
            head: None,
            received: None,
            sent: 0,
            trouble: None,
            number: None,
        })
    }

    pub(crate) const fn begun(&self) -> Instant {
        self.begun
    }

    /// All of the answer was sent by `now`.
    pub(crate) const fn is_done(&mut self, now: Instant) {
        self.done = Some(now);
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) const fn audience(&self) -> Audience {
        self.visitor.audience()
    }

    pub(crate) const fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn route(&self) -> Option<&str> {
        self.route.as_ref().map(|route| &*route.id)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn goes_to(&mut self, route: &Arc<Route>) {
        self.route = Some(Arc::clone(route));
    }

    /// Counts what arrives of the request's body.
    pub(crate) fn receives(&mut self, received: Option<Arc<Progress>>) {
        self.received = received;
    }

    pub(crate) fn is_in_trouble(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
    }

    /// What it will be noted as.
    pub(crate) fn number(&mut self) -> Number {
        self.number.get_or_insert_default().clone()
    }

    /// The head of its answer is there; it is noted with the end of that.
    pub(crate) fn ended(mut self: Box<Self>, mut answer: Response<AnswerBody>) -> Response<AnswerBody> {
        self.head = Some((answer.status(), self.begun.elapsed()));
        answer.body_mut().ends(self);
        answer
    }

    pub(crate) fn sends(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        // Without an answer the client has left.
        let Some((status, latency)) = self.head else { return };
        let received = self.received.as_ref().map_or(0, |received| received.bytes());
        if let Some(route) = &self.route {
            let is_error = status.is_server_error() || self.trouble == Some(Trouble::Reset);
            route.traffic.count(latency, received, self.sent, is_error);
        }
        let number = self.shared.journal.keep(Record {
            number: 0,
            begun: self.begun,
            duration: self.done.unwrap_or_else(Instant::now).saturating_duration_since(self.begun),
            route: self.route.as_ref().map(|route| Arc::clone(&route.id)),
            audience: self.visitor.audience(),
            method: std::mem::take(&mut self.method),
            host: Arc::clone(&self.host),
            path: std::mem::take(&mut self.path),
            status,
            received,
            sent: self.sent,
            trouble: self.trouble,
        });
        if let Some(noted) = &self.number {
            noted.0.store(number, Ordering::Relaxed);
        }
    }
}
