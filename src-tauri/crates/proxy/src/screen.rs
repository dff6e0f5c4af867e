use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};

use crate::body::AnswerBody;
use crate::names::Names;

/// Why a request is answered by the proxy itself and its connection closed: what comes after it on the same
/// connection can't be trusted to be a request.
///
/// hyper refuses by itself, before any of this: odd Content-Length, folded lines, bad chunks, control characters. Where it normalises (Content-Length beside Transfer-Encoding) it drops the length and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoHost,
    BadHost,
    TwoHosts,
    Connect,
    TransferCoding,
    BadTarget,
    TwoLengths,
    /// The client's body broke off, or was no valid body.
    BadBody,
    /// A form of ours that another site sent.
    CrossSite,
    /// A form of ours that was not made by this proxy.
    NoToken,
    /// Nothing of this name is published.
    NotPublished,
    /// Handling the request panicked.
    Internal,
}

impl Refusal {
    fn words(self) -> (StatusCode, &'static str) {
        match self {
            Self::NoHost => (StatusCode::BAD_REQUEST, "The request names no host."),
            Self::BadHost => (StatusCode::BAD_REQUEST, "The host that the request names is no host name."),
            Self::TwoHosts => (StatusCode::BAD_REQUEST, "The request names more than one host."),
            Self::Connect => (StatusCode::BAD_REQUEST, "CONNECT is not served here."),
            Self::TransferCoding => {
                (StatusCode::BAD_REQUEST, "The request has a transfer coding other than chunked.")
            }
            Self::BadTarget => {
                (StatusCode::BAD_REQUEST, "The target of the request is not one that it can have.")
            }
            Self::TwoLengths => (StatusCode::BAD_REQUEST, "The request names the length of its body twice."),
            Self::BadBody => (StatusCode::BAD_REQUEST, "The request's body is not complete or not valid."),
            Self::CrossSite => {
                (StatusCode::FORBIDDEN, "Only the page of the service itself can ask for this.")
            }
            Self::NoToken => (
                StatusCode::FORBIDDEN,
                "The page is of an earlier start of KInfra. Go back and load it again.",
            ),
            Self::NotPublished => (StatusCode::NOT_FOUND, "Nothing is published here."),
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "KInfra failed on this request; its log says more.")
            }
        }
    }

    pub(crate) fn response(self) -> Response<AnswerBody> {
        let (status, detail) = self.words();
        let title = status.canonical_reason().unwrap_or_default();
        let body = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{},"detail":"{detail}"}}"#,
            status.as_u16()
        );
        let mut response = Response::new(AnswerBody::full(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// Refuses what hyper lets through but would reach the service as something else than was sent.
pub(crate) fn screen(request: &Parts, names: Names) -> Result<(), Refusal> {
    if request.method == Method::CONNECT {
        return Err(Refusal::Connect);
    }
    // The header is dropped on forwarding, so any coding before the chunks would be lost with it.
    if names.has(Names::TRANSFER_ENCODING) && !is_just_chunked(&request.headers) {
        return Err(Refusal::TransferCoding);
    }
    if !has_target(request) {
        return Err(Refusal::BadTarget);
    }
    // In HTTP/1 hyper makes one of those that say the same, and refuses the others.
    if request.version == Version::HTTP_2 && request.headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Refusal::TwoLengths);
    }
    Ok(())
}

fn is_just_chunked(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
        && codings.next().is_none()
}

const SLASH: PathAndQuery = PathAndQuery::from_static("/");

/// Whether the target has a form that its method knows (RFC 9112, 3.2).
fn has_target(request: &Parts) -> bool {
    match request.uri.path_and_query() {
        // An authority alone, which is for CONNECT: `web.shop.localhost:80`, or `first` without a slash.
        None => false,
        Some(target) if target.as_str() == "*" => request.method == Method::OPTIONS,
        // A `:path` that is nothing but a fragment: it shows itself as a slash, and is none.
        Some(target) if request.version == Version::HTTP_2 && target.as_str() == "/" => *target == SLASH,
        Some(_) => true,
    }
}
