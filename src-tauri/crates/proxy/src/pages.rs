use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, StatusCode};

use crate::Audience;

/// What stands in for a service that can't answer.
pub trait Pages: Send + Sync + 'static {
    /// The page for a request that could not be forwarded. Must not block.
    fn page(&self, request: &PageRequest<'_>) -> Page;

    /// What an open page listens to: each item is the data of one server-sent event, the first one the present.
    /// The stream goes on for as long as the page is open: the page itself closes it when it reloads.
    fn watch(&self, route: &str, audience: Audience) -> Pin<Box<dyn Stream<Item = String> + Send>>;

    /// What a route's service printed last, for a local visitor. Must not block.
    fn logs(&self, route: &str) -> Page;

    /// Does what a button of a page says, for a local visitor that came from that very page. Must not block: it is
    /// begun, and its outcome shown by the page itself.
    fn act(&self, route: &str, action: Action);
}

/// What a local visitor may have done by a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Start,
    Restart,
}

#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    pub audience: Audience,
    /// The host asked for, lower-case and without a port.
    pub host: &'a str,
    /// Whether that is a name of this machine: `localhost`, one below it, or an address of its own (127.0.0.0/8, ::1).
    /// Any other one may be a site's, led here by its own DNS so that its scripts can read what is said: nothing is to
    /// be told to it.
    pub is_local_name: bool,
    /// The path asked for, as it was written, without its query.
    pub path: &'a str,
    /// The route's id; none for an unknown host or path.
    pub route: Option<&'a str>,
    /// A page that answers anything but GET must not load itself again: what was sent would be lost.
    pub method: &'a Method,
    pub wants: Wants,
    pub trouble: Trouble,
    /// The port that the proxy listens on, for links.
    pub proxy_port: u16,
    /// What a form of the page has to send as `token` to have an action done; none where there are no actions.
    pub token: Option<&'a str>,
}

/// From `Accept`: people get HTML, programs `application/problem+json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    Html,
    Json,
}

/// Why the request was not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No route for the host.
    UnknownHost,
    /// The host is known, and no route takes the path.
    UnknownPath,
    /// The table says that the service can't answer now.
    NotServing,
    /// The table says that it is being worked on.
    Maintenance,
    /// Nothing accepts connections on the service's port.
    Refused,
    TimedOut,
    /// The service closed the connection before it answered, or in the midst of its answer.
    Reset,
    /// What the service sent is no HTTP.
    Protocol,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub status: StatusCode,
    /// Content-Type, Retry-After and the like. `Cache-Control: no-store` is added by the proxy.
    pub headers: HeaderMap,
    pub body: Bytes,
}
