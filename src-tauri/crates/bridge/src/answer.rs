//! One request by HTTP, as the transport has it.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::time::timeout;

use crate::message::{Message, failure};
use crate::origin::is_own;
use crate::queue::Told;
use crate::serve::Shared;

const SESSION: &str = "mcp-session-id";

/// Of a message.
const MOST_BYTES: usize = 64 << 20;

/// Between two signs of life in a stream in which nothing is said; proxies give up what is silent for longer.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

pub type Body = UnsyncBoxBody<Bytes, Infallible>;

pub async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if !is_own(&parts.headers, &shared.bridge.hosts) {
        return text(StatusCode::FORBIDDEN, "only programs and pages of this machine are answered");
    }
    if parts.uri.path() != shared.bridge.path {
        return text(StatusCode::NOT_FOUND, &format!("the endpoint is {}", shared.bridge.path));
    }
    match parts.method {
        Method::POST => post(shared, &parts.headers, body).await,
        Method::GET => listen(shared, &parts.headers),
        Method::DELETE => {
            let ended = named(&parts.headers).and_then(|id| shared.sessions.end(id));
            let Some(session) = ended else { return unknown(&parts.headers) };
            session.end().await;
            status(StatusCode::NO_CONTENT)
        }
        _ => {
            let mut refused = status(StatusCode::METHOD_NOT_ALLOWED);
            refused.headers_mut().insert(ALLOW, http::HeaderValue::from_static("GET, POST, DELETE"));
            refused
        }
    }
}

async fn post(shared: &Shared, headers: &HeaderMap, body: Incoming) -> Response<Body> {
    let message = match Limited::new(body, MOST_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return text(StatusCode::PAYLOAD_TOO_LARGE, "a message has at most 64 MiB");
        }
        Err(_) => return text(StatusCode::BAD_REQUEST, "the message broke off"),
    };
    let Some(kind) = Message::read(&message) else {
        return text(StatusCode::BAD_REQUEST, "one message of JSON-RPC is expected");
    };
    if let Message::Request { id, begins: true } = &kind {
        return match shared.sessions.begin(&shared.bridge) {
            Ok(session) => {
                let told = session.ask(id, &message).await;
                let mut begun = asked(headers, told).await;
                if let Ok(id) = session.id().parse() {
                    begun.headers_mut().insert(SESSION, id);
                }
                begun
            }
            Err(error) => json(StatusCode::SERVICE_UNAVAILABLE, failure(id, &error.to_string())),
        };
    }
    let Some(session) = named(headers).and_then(|id| shared.sessions.find(id)) else {
        return unknown(headers);
    };
    match kind {
        Message::Request { id, .. } => asked(headers, session.ask(&id, &message).await).await,
        Message::Answer { .. } | Message::Notification => match session.tell(&message).await {
            Ok(()) => status(StatusCode::ACCEPTED),
            Err(_) => text(StatusCode::NOT_FOUND, "the session has ended"),
        },
    }
}

fn listen(shared: &Shared, headers: &HeaderMap) -> Response<Body> {
    let Some(session) = named(headers).and_then(|id| shared.sessions.find(id)) else {
        return unknown(headers);
    };
    match session.listen() {
        Some(told) => events(told),
        None => text(StatusCode::CONFLICT, "somebody listens already"),
    }
}

fn named(headers: &HeaderMap) -> Option<&str> {
    headers.get(SESSION)?.to_str().ok()
}

fn unknown(headers: &HeaderMap) -> Response<Body> {
    match named(headers) {
        Some(_) => text(StatusCode::NOT_FOUND, "there is no such session, or no more"),
        None => {
            text(StatusCode::BAD_REQUEST, "a session begins with `initialize`, and is named from then on")
        }
    }
}

/// What is said until a request is answered: by events, or the answer alone for who takes no events.
async fn asked(headers: &HeaderMap, mut told: Told) -> Response<Body> {
    let accepts = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or("*/*");
    if accepts.contains("text/event-stream") || accepts.contains("*/*") {
        return events(told);
    }
    let mut last = None;
    while let Some(message) = told.next().await {
        last = Some(message);
    }
    match last {
        Some(answer) => json(StatusCode::OK, answer),
        None => text(
            StatusCode::BAD_GATEWAY,
            "the request was asked again under the same number, or was told too much",
        ),
    }
}

fn events(told: Told) -> Response<Body> {
    let stream = unfold(told, async |mut told| {
        let text = match timeout(SIGN_OF_LIFE, told.next()).await {
            Ok(Some(message)) => format!("event: message\ndata: {message}\n\n"),
            Ok(None) => return None,
            Err(_) => ": still here\n\n".to_owned(),
        };
        Some((Ok(Frame::data(Bytes::from(text))), told))
    });
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(stream)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-cache"));
    response
}

fn json(status: StatusCode, message: String) -> Response<Body> {
    whole(status, "application/json", message)
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    whole(status, "text/plain", format!("{text}\n"))
}

fn status(status: StatusCode) -> Response<Body> {
    whole(status, "", String::new())
}

fn whole(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *response.status_mut() = status;
    if !kind.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    }
    response
}
