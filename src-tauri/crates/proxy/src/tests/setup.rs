use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{Limits, Page, PageRequest, Pages, Proxy, Route, RouteTable, Target};

/// How long a test waits for what must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) const HOST: &str = "web.shop.localhost";

/// Pages that say what they were asked for: `trouble route wants`.
#[derive(Default)]
pub(super) struct PlainPages {
    /// What each watch gives; with none left, it stays silent.
    pub(super) events: Mutex<Vec<String>>,
}

impl Pages for PlainPages {
    fn page(&self, request: &PageRequest<'_>) -> Page {
        assert!(!request.host.starts_with("panic"), "a page that panics");
        let body = format!("{:?} {} {:?}", request.trouble, request.route.unwrap_or("-"), request.wants);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        Page { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Bytes::from(body) }
    }

    fn watch(&self, route: &str) -> Pin<Box<dyn Stream<Item = String> + Send>> {
        assert!(!route.starts_with("panic"), "a watch that panics");
        let events = self.events.lock().unwrap().clone();
        if events.is_empty() { stream::pending().boxed() } else { stream::iter(events).boxed() }
    }
}

pub(super) fn table(routes: &[(&str, Target)]) -> RouteTable {
    let routes: HashMap<_, _> = routes
        .iter()
        .map(|(host, target)| ((*host).to_owned(), Arc::new(Route::new(format!("id-of-{host}"), *target))))
        .collect();
    RouteTable { routes }
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
    proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::Forward { port })])
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
