use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use tracing::debug;

use crate::body::AnswerBody;
use crate::headers::tokens;
use crate::host::is_local;
use crate::names::Names;
use crate::passage::Passage;
use crate::{Audience, Page, PageRequest, Trouble, Wants};

/// What a page has to know of a request's headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StandIn {
    wants: Wants,
}

impl StandIn {
    pub(crate) fn new(request: &Parts, names: Names) -> Self {
        let wants = if names.has(Names::ACCEPT) { wants(&request.headers) } else { Wants::Json };
        Self { wants }
    }

    /// Whether a person would rather see a page than wait.
    pub(crate) fn is_for_people(self) -> bool {
        self.wants == Wants::Html
    }

    /// The page for `trouble`.
    pub(crate) fn page(self, passage: &Passage, trouble: Trouble) -> Response<AnswerBody> {
        debug!(?trouble, "a page answers");
        let (shared, audience, route) = (passage.shared(), passage.audience(), passage.route());
        let token = route.filter(|_| audience == Audience::Local).map(|route| shared.tokens.of(route));
        let page = shared.pages.page(&PageRequest {
            audience,
            host: passage.host(),
            is_local_name: is_local(passage.host()),
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

/// A browser names `text/html`; whoever doesn't is a program.
fn wants(headers: &HeaderMap) -> Wants {
    let is_html = |range: &str| essence(range).eq_ignore_ascii_case("text/html");
    if tokens(headers, &ACCEPT).any(is_html) { Wants::Html } else { Wants::Json }
}

/// A media range without its parameters.
pub(crate) fn essence(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}
