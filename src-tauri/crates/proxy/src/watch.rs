//! What an open page listens to.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::Audience;
use crate::body::AnswerBody;
use crate::proxy::Shared;

/// What the browser does when the connection is lost: it comes back after this many milliseconds.
const PREAMBLE: &str = "retry: 1000\n\n";
/// Ignored by the browser; shows whether it is still there.
const COMMENT: &str = ":\n\n";

/// The stream of what happens to `route`.
pub(crate) fn response(shared: &Shared, route: &str, audience: Audience) -> Response<AnswerBody> {
    let comment = shared.limits.event_comment;
    let mut response = Response::new(AnswerBody::events(Events {
        preamble: true,
        stream: shared.pages.watch(route, audience),
        comment,
        quiet: Box::pin(sleep(comment)),
        ending: Box::pin(shared.ending.clone().cancelled_owned()),
    }));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Server-sent events: one per item of the stream, a comment when it is quiet.
pub(crate) struct Events {
    preamble: bool,
    stream: Pin<Box<dyn Stream<Item = String> + Send>>,
    comment: Duration,
    quiet: Pin<Box<Sleep>>,
    ending: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Events {
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if std::mem::take(&mut self.preamble) {
            return Poll::Ready(Some(Bytes::from_static(PREAMBLE.as_bytes())));
        }
        if self.ending.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(event) = self.stream.as_mut().poll_next(context) {
            self.quiet.as_mut().reset(Instant::now() + self.comment);
            return Poll::Ready(event.map(|event| encode(&event)));
        }
        if self.quiet.as_mut().poll(context).is_ready() {
            self.quiet.as_mut().reset(Instant::now() + self.comment);
            // Polled again so that the new deadline wakes this task.
            let _ = self.quiet.as_mut().poll(context);
            return Poll::Ready(Some(Bytes::from_static(COMMENT.as_bytes())));
        }
        Poll::Pending
    }
}

/// A line break within the data would end the field: each line is a field of its own, and the browser joins them.
fn encode(data: &str) -> Bytes {
    let mut event = String::with_capacity(data.len() + 16);
    for line in data.split(['\n', '\r']) {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    Bytes::from(event)
}
