use bytes::Bytes;
use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use kinfra_proxy::{Audience, Page, PageRequest, Wants};

use super::view::{KnownProject, ServiceView};
use super::visitors::for_visitors;
use super::{html, json, story};

/// The page in place of a service that could not answer `request`.
#[must_use]
pub fn service_page(view: &ServiceView, request: &PageRequest<'_>) -> Page {
    let story = story::story(view, request.trouble);
    let story = match request.audience {
        Audience::Local => story,
        Audience::Public => for_visitors(&story, view),
    };
    let body = match request.wants {
        Wants::Html => html::service(view, &story, request),
        Wants::Json => json::service(view, &story, request.audience),
    };
    let mut page = page(story.status, request.wants, body);
    if let Some(seconds) = story.retry_after {
        page.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    page
}

/// The page for a host or path that leads nowhere. It lists what is known: for local visitors only.
#[must_use]
pub fn unknown_page(request: &PageRequest<'_>, known: &[KnownProject]) -> Page {
    let body = match request.wants {
        Wants::Html => html::unknown(request, known),
        Wants::Json => json::unknown(request, known),
    };
    page(StatusCode::NOT_FOUND, request.wants, body)
}

/// What a service printed last, to be read.
#[must_use]
pub fn logs_page(project: &str, service: &str, lines: &[String]) -> Page {
    page(StatusCode::OK, Wants::Html, html::logs(project, service, lines))
}

fn page(status: StatusCode, wants: Wants, body: String) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    match wants {
        Wants::Html => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::POLICY));
            headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        Wants::Json => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        }
    }
    Page { status, headers, body: Bytes::from(body) }
}
