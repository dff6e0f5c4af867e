//! One request to a service, over a connection of the pool or a fresh one.
//!
//! Theory of operation. A pooled connection may have been closed by the service in the moment it was taken. hyper
//! hands the request back when nothing of it was written: it is then sent again, whatever it is. When something was
//! written, the service may have acted on it: only a request that is safe to repeat (RFC 9110, 9.2.2) and has no
//! body is sent again, of which a copy of the head was kept. Both happen once, and on a fresh connection.

use std::pin::pin;
use std::time::Duration;

use http::{Method, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::{self, Instant};
use tracing::debug;

use crate::Trouble;
use crate::body::{Progress, RequestBody};
use crate::dial::dial;
use crate::pool::{Connection, Lease};
use crate::worker::Worker;

/// Why there is no response.
pub(crate) enum Failed {
    /// The service's fault; the body is there if nothing of it was read.
    Service(Trouble, Option<RequestBody>),
    /// The client's body broke off or was no valid body.
    Client,
}

/// Sends `request` to `port`. The lease belongs to the response's body.
pub(crate) async fn send(
    worker: &Worker,
    port: u16,
    mut request: Request<RequestBody>,
) -> Result<(Response<Incoming>, Lease), Failed> {
    let limits = &worker.shared.limits;
    if let Some(connection) = worker.pool.take(port) {
        let copy = repeatable(&request);
        match attempt(worker, port, connection, request).await {
            Ok(response) => return Ok(response),
            Err(Attempt::NotSent(unsent)) => request = *unsent,
            Err(Attempt::Failed(failed)) => match (failed, copy) {
                (Failed::Service(Trouble::Reset, _), Some(copy)) => request = copy,
                (failed, _) => return Err(failed),
            },
        }
        debug!(port, "the pooled connection was stale; trying a fresh one");
    }
    match dial(port, limits).await {
        Ok(connection) => attempt(worker, port, connection, request).await.map_err(|attempt| match attempt {
            Attempt::NotSent(unsent) => Failed::Service(Trouble::Reset, Some(unsent.into_body())),
            Attempt::Failed(failed) => failed,
        }),
        Err(trouble) => Err(Failed::Service(trouble, Some(request.into_body()))),
    }
}

enum Attempt {
    /// Nothing was written.
    NotSent(Box<Request<RequestBody>>),
    Failed(Failed),
}

async fn attempt(
    worker: &Worker,
    port: u16,
    mut connection: Connection,
    request: Request<RequestBody>,
) -> Result<(Response<Incoming>, Lease), Attempt> {
    let progress = request.body().progress();
    let sending = connection.try_send_request(request);
    match head_within(worker.shared.limits.response_head, progress, sending).await {
        None => {
            debug!(port, "no response in time");
            Err(Attempt::Failed(Failed::Service(Trouble::TimedOut, None)))
        }
        Some(Ok(response)) => Ok((response, Lease::new(worker.pool.clone(), port, connection))),
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

/// Waits for the head of a response, for `limit` since the request's body last moved.
async fn head_within<T>(
    limit: Duration,
    progress: Option<Progress>,
    sending: impl Future<Output = T>,
) -> Option<T> {
    let mut sending = pin!(sending);
    let mut since = Instant::now();
    loop {
        if let Ok(sent) = time::timeout_at(since + limit, sending.as_mut()).await {
            return Some(sent);
        }
        since = progress.as_ref().map(Progress::last).filter(|last| *last > since)?;
    }
}

/// A copy to send again, of a request that does no more when it arrives twice.
fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(RequestBody::empty());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    Some(copy)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time;

    use super::{Progress, head_within};

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_service_that_never_answers_is_given_up_after_the_limit() {
        let begun = time::Instant::now();
        assert!(head_within(LIMIT, None, pending::<()>()).await.is_none());
        assert_eq!(begun.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_goes_on_is_not_timed_out_and_one_that_stalls_is() {
        let progress = Progress::new();
        let upload = progress.clone();
        tokio::spawn(async move {
            for _ in 0..8 {
                time::sleep(LIMIT / 2).await;
                upload.touch();
            }
        });
        let begun = time::Instant::now();
        assert!(head_within(LIMIT, Some(progress), pending::<()>()).await.is_none());
        // The last piece went after four limits; one more passed before the service was given up.
        assert_eq!(begun.elapsed().as_secs(), (LIMIT * 5).as_secs());
    }
}
