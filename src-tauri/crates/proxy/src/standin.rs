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
use crate::passage::Passage;
use crate::{Audience, Page, PageRequest, Trouble, Wants};

/// How much of a request's body is read before a page answers it, and for how long. A connection that is closed
/// with unread bytes is reset, and the reset overtakes the page; what a webhook sends fits in here.
const DRAINED_BYTES: usize = 1024 * 1024;
const DRAINED_TIME: Duration = Duration::from_millis(500);

/// What a page has to know of a request's headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StandIn {
    wants: Wants,
    /// The client waits for 100 Continue, and reading its body would say so.
    holds_body: bool,
}

impl StandIn {
    pub(crate) fn new(request: &Parts) -> Self {
        Self { wants: wants(&request.headers), holds_body: request.headers.contains_key(EXPECT) }
    }

    /// Whether a person would rather see a page than wait.
    pub(crate) fn is_for_people(self) -> bool {
        self.wants == Wants::Html
    }

    /// The page for `trouble`. `body` is the request's, as far as nobody has read it.
    pub(crate) async fn page(
        self,
        passage: &Passage,
        trouble: Trouble,
        body: Option<RequestBody>,
    ) -> Response<AnswerBody> {
        if let Some(body) = body
            && !self.holds_body
        {
            let _ = time::timeout(DRAINED_TIME, drain(body)).await;
        }
        debug!(?trouble, "a page answers");
        let (shared, audience, route) = (passage.shared(), passage.audience(), passage.route());
        let token = route.filter(|_| audience == Audience::Local).map(|route| shared.tokens.of(route));
        let page = shared.pages.page(&PageRequest {
            audience,
            host: passage.host(),
            path: passage.path(),
            route,
            method: passage.method(),
            wants: self.wants,
            trouble,
            proxy_port: shared.port,
            token: token.as_deref(),
        });
        of_page(page, passage.method())
    }
}

/// A page is never kept by anybody.
pub(crate) fn of_page(page: Page, method: &Method) -> Response<AnswerBody> {
    let length = HeaderValue::from(page.body.len());
    let body = if *method == Method::HEAD { Bytes::new() } else { page.body };
    let mut response = Response::new(AnswerBody::full(body));
    *response.status_mut() = page.status;
    *response.headers_mut() = page.headers;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
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
