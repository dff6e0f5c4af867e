//! What the proxy answers itself on every known host: the events, logs and buttons of its own pages, and whether it is
//! this proxy that is reached from outside.
//!
//! Theory of operation: the path of each is a fixed one with the path of the page behind it, since a host may have
//! several services and the path tells which is meant. Anything else below the fixed path is the application's.
//! A button is a form, so that it works without scripts. It is obeyed where the listener, the `Origin` and a token
//! in the form all say that the page itself sent it: an application on another host or a site on the internet may
//! have a browser send a form, but neither can it choose the first two nor read the third.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use tracing::{debug, info};

use crate::body::AnswerBody;
use crate::headers::tokens;
use crate::host::Host;
use crate::proxy::Shared;
use crate::request_body::RequestBody;
use crate::screen::Refusal;
use crate::standin::{essence, of_page};
use crate::watch;
use crate::{Action, Audience, Route};

/// Where the pages find what is their own, on each known host; the path of the page follows.
pub const EVENTS_PATH: &str = "/.well-known/kinfra/events";
pub const LOGS_PATH: &str = "/.well-known/kinfra/logs";
pub const START_PATH: &str = "/.well-known/kinfra/start";
pub const RESTART_PATH: &str = "/.well-known/kinfra/restart";

/// Where a tunnel is asked whether it leads here; a token of this proxy's follows, and a path.
const HERE_PATH: &str = "/.well-known/kinfra/here/";

/// All of them are below.
const FOLDER: &str = "/.well-known/kinfra/";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A form of ours is its token and no more.
const LARGEST_FORM: usize = 1024;

/// What makes the tokens of one proxy; another one knows nothing of them.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    halves: [RandomState; 2],
}

impl Tokens {
    /// What a form about `route` has to send.
    pub(crate) fn of(&self, route: &str) -> String {
        self.halves.iter().map(|half| format!("{:016x}", half.hash_one(route))).collect()
    }

    /// No route has such a name.
    fn of_question(&self) -> String {
        self.of("here, asked")
    }

    fn of_answer(&self) -> String {
        self.of("here, answered")
    }
}

/// How to find out whether a public name leads to one proxy: whoever does not know it can neither ask nor answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    question: String,
    /// What the answer's body is.
    pub answer: String,
}

impl Here {
    pub(crate) fn of(tokens: &Tokens) -> Self {
        Self { question: tokens.of_question(), answer: tokens.of_answer() }
    }

    /// The path to ask on a host that leads here by `path` and all below it.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        format!("{HERE_PATH}{}{path}", self.question)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    Events,
    Logs,
    Act(Action),
    /// Whether it is this proxy that is reached from outside.
    Here,
    /// It is for local visitors, and this is none.
    NotThere,
}

/// What of ours is asked for, and about which path; none for what is the application's.
pub(crate) fn meant<'r>(request: &'r Parts, audience: Audience, tokens: &Tokens) -> Option<(Own, &'r str)> {
    let path = request.uri.path();
    if !path.starts_with(FOLDER) {
        return None;
    }
    let below = |own: &str| {
        let rest = path.strip_prefix(own).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        Some(if rest.is_empty() { "/" } else { rest })
    };
    if let Some(rest) = below(EVENTS_PATH) {
        return (request.method == Method::GET && takes_events(request)).then_some((Own::Events, rest));
    }
    if audience == Audience::Public {
        if let Some(rest) = path.strip_prefix(HERE_PATH) {
            let rest = rest.strip_prefix(&*tokens.of_question())?;
            return (request.method == Method::GET && rest.starts_with('/')).then_some((Own::Here, rest));
        }
        let local = [LOGS_PATH, START_PATH, RESTART_PATH];
        return local.into_iter().find_map(below).map(|rest| (Own::NotThere, rest));
    }
    if let Some(rest) = below(LOGS_PATH) {
        return matches!(request.method, Method::GET | Method::HEAD).then_some((Own::Logs, rest));
    }
    let action = |own: &str, action| Some((Own::Act(action), below(own)?));
    action(START_PATH, Action::Start)
        .or_else(|| action(RESTART_PATH, Action::Restart))
        .filter(|_| request.method == Method::POST)
}

fn takes_events(request: &Parts) -> bool {
    let is_events = |range: &str| {
        let essence = essence(range);
        essence.eq_ignore_ascii_case("text/event-stream") || essence == "*/*"
    };
    !request.headers.contains_key(ACCEPT) || tokens(&request.headers, &ACCEPT).any(is_events)
}

/// Answers what is the proxy's own about a route.
pub(crate) async fn answer(
    shared: &Shared,
    audience: Audience,
    host: &Host,
    (own, path): (Own, &str),
    route: &Route,
    request: &Parts,
    body: RequestBody,
) -> Response<AnswerBody> {
    match own {
        Own::NotThere => Refusal::NotPublished.response(),
        Own::Here => {
            let mut response = Response::new(AnswerBody::full(shared.tokens.of_answer().into()));
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            response
        }
        Own::Events => watch::response(shared, &route.id, audience),
        Own::Logs => of_page(shared.pages.logs(&route.id), &request.method),
        Own::Act(action) => {
            if !comes_from_the_page(&request.headers, host) {
                info!(host = &*host.name, ?action, "refused: it does not come from the page itself");
                return Refusal::CrossSite.response();
            }
            if !has_token(body, &shared.tokens.of(&route.id)).await {
                debug!(host = &*host.name, ?action, "refused: its token is another one");
                return Refusal::NoToken.response();
            }
            info!(route = &*route.id, ?action, "asked for on a page");
            shared.pages.act(&route.id, action);
            back_to(path)
        }
    }
}

fn comes_from_the_page(headers: &HeaderMap, host: &Host) -> bool {
    let is_own = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host.as_written()))
    };
    let mut origins = headers.get_all(ORIGIN).iter();
    let is_same_site = headers.get(FETCH_SITE).is_none_or(|site| site == "same-origin");
    is_same_site && origins.next().is_some_and(is_own) && origins.next().is_none()
}

/// The form is read whole, since it is short.
async fn has_token(body: RequestBody, token: &str) -> bool {
    let body = pin!(Limited::new(body, LARGEST_FORM));
    let Ok(form) = body.collect().await else { return false };
    let form = form.to_bytes();
    let sent = form.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(b"token="));
    sent.is_some_and(|sent| is_same(sent, token.as_bytes()))
}

/// In a time that tells nothing of where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

/// Where the button was; the page shows what comes of it.
fn back_to(path: &str) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::full(Bytes::new()));
    *response.status_mut() = StatusCode::SEE_OTHER;
    // Two slashes at the beginning would name a host.
    let path = format!("/{}", path.trim_start_matches('/'));
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, location);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
