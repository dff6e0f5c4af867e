//! One request to a service, over a connection of the pool or a fresh one.
//!
//! Theory of operation. A pooled connection may have been closed by the service in the moment it was taken. hyper
//! hands the request back when nothing of it was written: it is then sent again, whatever it is. When something was
//! written, the service may have acted on it: only a request that is safe to repeat (RFC 9110, 9.2.2) and has no
//! body is sent again, of which a copy of the head was kept. Both happen once, and on a fresh connection.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::header::{CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Request, Response, Uri, Version};
use hyper::body::Incoming;
use tokio::time::Instant;
use tracing::debug;

use crate::body::AnswerBody;
use crate::dial::{dial, dial_http2};
use crate::http1::{Answered, Http1};
use crate::names::Names;
use crate::patience::Patience;
use crate::pool::{Http2, Lease};
use crate::request_body::{Progress, RequestBody};
use crate::spare::Spare;
use crate::worker::Worker;
use crate::{Protocol, Trouble};

/// Why there is no response.
pub(crate) enum Failed {
    /// The service's fault; the request is there if nothing of its body was read.
    Service(Trouble, Option<Box<Request<RequestBody>>>),
    /// The client's body broke off or was no valid body.
    Client,
}

/// What a service says. Its body goes back to the pool what it came over.
pub(crate) type Answer = Response<AnswerBody>;

/// What is spoken with a service for this request. A change of protocol needs HTTP/1.1, and gRPC has only HTTP/2.
pub(crate) fn speaks_http2(protocol: Protocol, headers: &HeaderMap, names: Names, is_upgrade: bool) -> bool {
    let is_grpc = || {
        let content = || headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        names.has(Names::CONTENT_TYPE)
            && content().is_some_and(|content| content.starts_with(b"application/grpc"))
    };
    !is_upgrade
        && match protocol {
            Protocol::Auto => is_grpc(),
            Protocol::Http1 => false,
            Protocol::Http2 => true,
        }
}

/// Sends `request` to `port` in HTTP/1.1. The lease belongs to the response's body.
pub(crate) async fn send(
    worker: &Worker,
    port: u16,
    mut request: Box<Request<RequestBody>>,
) -> Result<Answer, Failed> {
    if let Some(connection) = worker.pool.take(port, std::time::Instant::now()) {
        let spare = Spare::of(&request);
        match attempt(worker, port, connection, request).await {
            Ok(response) => return Ok(response),
            Err(attempt) => request = attempt.again(spare.as_ref())?,
        }
        debug!(port, "the pooled connection was stale; trying a fresh one");
    }
    // Apart, as are all ways that are seldom taken: what waits for an answer is moved and kept per request, so it is
    // to be small.
    Box::pin(send_afresh(worker, port, request)).await
}

pub(crate) async fn send_afresh(
    worker: &Worker,
    port: u16,
    request: Box<Request<RequestBody>>,
) -> Result<Answer, Failed> {
    match dial(port, &worker.shared.limits).await {
        Ok(connection) => attempt(worker, port, connection, request).await.map_err(Attempt::last),
        Err(trouble) => Err(Failed::Service(trouble, Some(request))),
    }
}

/// The same in HTTP/2, on a connection that many share.
pub(crate) async fn send_http2(
    worker: &Worker,
    port: u16,
    request: Box<Request<RequestBody>>,
) -> Result<Answer, Failed> {
    let mut request = in_http2(*request);
    if let Some(connection) = worker.pool.shared(port) {
        let spare = Spare::of(&request);
        match attempt_http2(worker, port, connection, request).await {
            Ok(response) => return Ok(response),
            Err(attempt) => request = attempt.again(spare.as_ref())?,
        }
        debug!(port, "the shared connection was stale; trying a fresh one");
    }
    let connection = match dial_http2(port, &worker.shared.limits).await {
        Ok(connection) => connection,
        Err(trouble) => return Err(Failed::Service(trouble, Some(request))),
    };
    worker.pool.share(port, &connection);
    attempt_http2(worker, port, connection, request).await.map_err(Attempt::last)
}

async fn attempt_http2(
    worker: &Worker,
    port: u16,
    mut connection: Http2,
    request: Box<Request<RequestBody>>,
) -> Result<Answer, Attempt> {
    let progress = request.body().progress();
    let mut sending = pin!(connection.try_send_request(*request));
    let (sent, limit) = (Instant::now(), worker.shared.limits.response_head);
    let mut patience = Patience::default();
    let answered = poll_fn(|context| match sending.as_mut().poll(context) {
        Poll::Ready(answered) => Poll::Ready(Some(answered)),
        Poll::Pending => patience.poll(context, limit, sent, progress.as_deref()).map(|()| None),
    });
    let response = outcome(port, progress.as_deref(), answered.await)?;
    let lease = Lease::of_shared(worker.pool.clone(), port);
    Ok(response.map(|body| AnswerBody::of_service(body, lease)))
}

/// Its host is in the target, and what is about a connection of its own is not said at all (RFC 9113, 8.2.2).
fn in_http2(request: Request<RequestBody>) -> Box<Request<RequestBody>> {
    let (mut parts, body) = request.into_parts();
    parts.version = Version::HTTP_2;
    if let Some(host) = parts.headers.remove(HOST) {
        let path = parts.uri.path_and_query().cloned();
        let target = Uri::builder().scheme("http").authority(host.as_bytes());
        if let Ok(target) =
            target.path_and_query(path.map_or_else(|| "/".to_owned(), |path| path.to_string())).build()
        {
            parts.uri = target;
        }
    }
    for name in [HeaderName::from_static("transfer-encoding"), HeaderName::from_static("connection")] {
        parts.headers.remove(name);
    }
    Box::new(Request::from_parts(parts, body))
}

pub(crate) enum Attempt {
    /// Nothing was written.
    NotSent(Box<Request<RequestBody>>),
    Failed(Failed),
}

impl Attempt {
    /// What to send over a fresh connection.
    pub(crate) fn again(self, spare: Option<&Spare>) -> Result<Box<Request<RequestBody>>, Failed> {
        match self {
            Self::NotSent(unsent) => Ok(unsent),
            Self::Failed(Failed::Service(Trouble::Reset, kept)) => {
                spare.and_then(Spare::request).ok_or(Failed::Service(Trouble::Reset, kept))
            }
            Self::Failed(failed) => Err(failed),
        }
    }

    /// There is no other.
    fn last(self) -> Failed {
        match self {
            Self::NotSent(unsent) => Failed::Service(Trouble::Reset, Some(unsent)),
            Self::Failed(failed) => failed,
        }
    }
}

async fn attempt(
    worker: &Worker,
    port: u16,
    mut connection: Http1,
    request: Box<Request<RequestBody>>,
) -> Result<Answer, Attempt> {
    let (progress, limit) = (request.body().progress(), worker.shared.limits.response_head);
    let mut sent = pin!(connection.send(*request, std::time::Instant::now()));
    let answered =
        poll_fn(|context| sent.as_mut().poll_answer(&mut connection, context, limit, progress.as_deref()));
    let answered = answered.await;
    conclude(worker, port, connection, progress, answered)
}

/// What came of a request over this connection: none where it took too long.
pub(crate) fn conclude(
    worker: &Worker,
    port: u16,
    connection: Http1,
    progress: Option<Arc<Progress>>,
    answered: Option<Answered>,
) -> Result<Answer, Attempt> {
    match outcome(port, progress.as_deref(), answered) {
        Ok(response) => {
            let lease = Lease::new(worker.pool.clone(), port, connection, progress);
            Ok(response.map(|body| AnswerBody::of_service(body, lease)))
        }
        Err(failed) => {
            // Else a body that the service doesn't read would keep both connections.
            connection.abort();
            Err(failed)
        }
    }
}

/// `sent` is none where it took too long.
fn outcome(
    port: u16,
    progress: Option<&Progress>,
    sent: Option<Answered>,
) -> Result<Response<Incoming>, Attempt> {
    match sent {
        None => {
            debug!(port, "no response in time");
            Err(Attempt::Failed(Failed::Service(Trouble::TimedOut, None)))
        }
        Some(Ok(response)) => {
            if let Some(expectation) = progress.and_then(|progress| progress.expectation.as_ref()) {
                expectation.is_answered();
            }
            Ok(response)
        }
        Some(Err(mut failure)) => {
            debug!(error = %failure.error(), port, "no response");
            Err(match failure.take_message() {
                Some(unsent) => Attempt::NotSent(Box::new(unsent)),
                None => Attempt::Failed(failed(failure.error())),
            })
        }
    }
}

fn failed(error: &hyper::Error) -> Failed {
    if error.is_user() {
        Failed::Client
    } else if error.is_parse() {
        Failed::Service(Trouble::Protocol, None)
    } else {
        Failed::Service(Trouble::Reset, None)
    }
}
