use std::net::{Ipv4Addr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{Action, Audience, Hosts, Limits, Page, PageRequest, Pages, Proxy, Route, RouteTable, Target};

/// How long a test waits for what must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) const HOST: &str = "web.shop.localhost";

/// Pages that say what they were asked for: `trouble route wants`.
#[derive(Default)]
pub(super) struct PlainPages {
    /// What each watch gives; with none left, it stays silent.
    pub(super) events: Mutex<Vec<String>>,
    /// What was asked for by buttons.
    pub(super) actions: Arc<Mutex<Vec<String>>>,
    /// The tokens that pages were given.
    pub(super) tokens: Arc<Mutex<Vec<String>>>,
    /// Whether each page was asked for by a name of this machine.
    pub(super) local: Arc<Mutex<Vec<bool>>>,
}

impl Pages for PlainPages {
    fn page(&self, request: &PageRequest<'_>) -> Page {
        assert!(!request.host.starts_with("panic"), "a page that panics");
        self.tokens.lock().unwrap().extend(request.token.map(str::to_owned));
        self.local.lock().unwrap().push(request.is_local_name);
        let body = format!("{:?} {} {:?}", request.trouble, request.route.unwrap_or("-"), request.wants);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        Page { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Bytes::from(body) }
    }

    fn watch(&self, route: &str, _: Audience) -> Pin<Box<dyn Stream<Item = String> + Send>> {
        assert!(!route.starts_with("panic"), "a watch that panics");
        let events = self.events.lock().unwrap().clone();
        if events.is_empty() { stream::pending().boxed() } else { stream::iter(events).boxed() }
    }

    fn logs(&self, route: &str) -> Page {
        Page {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from(format!("logs of {route}")),
        }
    }

    fn act(&self, route: &str, action: Action) {
        self.actions.lock().unwrap().push(format!("{action:?} {route}"));
    }
}

/// Each host, or host and path, leads its local visitors to a target.
pub(super) fn table(routes: &[(&str, Target)]) -> RouteTable {
    let mut local = Hosts::default();
    for (place, target) in routes {
        let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        local.mount(host, path, false, Arc::new(Route::new(format!("id-of-{place}"), target.clone())));
    }
    RouteTable { local, public: Hosts::default() }
}

pub(super) fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A proxy of one worker, so that its pool is the only one.
pub(super) fn proxy_with(limits: Limits, pages: PlainPages, routes: &[(&str, Target)]) -> Proxy {
    let proxy = Proxy::start_with(listener(), 1, Arc::new(pages), limits).unwrap();
    proxy.set_routes(table(routes));
    proxy
}

/// A proxy that leads [`HOST`] to `port`.
pub(super) fn proxy_to(port: u16) -> Proxy {
    proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::to(port))])
}

/// A port on which nothing listens.
pub(super) fn closed_port() -> u16 {
    listener().local_addr().unwrap().port()
}

/// Waits until `condition` holds.
pub(super) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "it never happened: {what}");
        std::thread::yield_now();
    }
}
