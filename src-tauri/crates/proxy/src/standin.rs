use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::BodyExt;
use tokio::time;
use tracing::debug;

use crate::body::{AnswerBody, RequestBody};
use crate::headers::tokens;
use crate::proxy::Shared;
use crate::{PageRequest, Trouble, Wants};

/// How much of a request's body is read before a page answers it, and for how long. A connection that is closed
/// with unread bytes is reset, and the reset overtakes the page; what a webhook sends fits in here.
const DRAINED_BYTES: usize = 1024 * 1024;
const DRAINED_TIME: Duration = Duration::from_millis(500);

/// What is known of a request that a page may have to answer.
pub(crate) struct StandIn<'a> {
    shared: &'a Shared,
    host: &'a str,
    route: Option<&'a str>,
    wants: Wants,
    method: Method,
    /// The client waits for 100 Continue, and reading its body would say so.
    holds_body: bool,
}

impl<'a> StandIn<'a> {
    pub(crate) fn new(shared: &'a Shared, host: &'a str, route: Option<&'a str>, request: &Parts) -> Self {
        Self {
            shared,
            host,
            route,
            wants: wants(&request.headers),
            method: request.method.clone(),
            holds_body: request.headers.contains_key(EXPECT),
        }
    }

    /// The page for `trouble`. `body` is the request's, as far as nobody has read it.
    pub(crate) async fn page(&self, trouble: Trouble, body: Option<RequestBody>) -> Response<AnswerBody> {
        if let Some(body) = body
            && !self.holds_body
        {
            let _ = time::timeout(DRAINED_TIME, drain(body)).await;
        }
        debug!(?trouble, "a page answers");
        let page = self.shared.pages.page(&PageRequest {
            host: self.host,
            route: self.route,
            method: &self.method,
            wants: self.wants,
            trouble,
            proxy_port: self.shared.port,
        });
        let length = HeaderValue::from(page.body.len());
        let body = if self.method == Method::HEAD { Bytes::new() } else { page.body };
        let mut response = Response::new(AnswerBody::full(body));
        *response.status_mut() = page.status;
        *response.headers_mut() = page.headers;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(CONTENT_LENGTH, length);
        response
    }
}

async fn drain(body: RequestBody) {
    let mut body = pin!(body);
    let mut left = DRAINED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(length) else { return };
        left = rest;
    }
}

/// A browser names `text/html`; whoever doesn't is a program.
fn wants(headers: &HeaderMap) -> Wants {
    let is_html = |range: &str| essence(range).eq_ignore_ascii_case("text/html");
    if tokens(headers, &ACCEPT).any(is_html) { Wants::Html } else { Wants::Json }
}

/// A media range without its parameters.
pub(crate) fn essence(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}
