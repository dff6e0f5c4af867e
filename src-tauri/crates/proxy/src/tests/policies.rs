//! What a route says of how its requests are handed on.

use std::sync::Arc;

use super::client::Client;
use super::http2_service::Http2Service;
use super::service::Service;
use super::setup::{HOST, PlainPages, listener};
use crate::{Forwarding, HostPolicy, Hosts, Protocol, Proxy, Route, RouteTable, Target};

fn proxy(port: u16, forwarding: Forwarding) -> Proxy {
    let route = Route::with("shop/web".into(), Target::to(port), forwarding, Arc::default());
    let mut local = Hosts::default();
    local.mount(HOST, "/", false, Arc::new(route));
    let proxy = Proxy::start(listener(), 1, Arc::new(PlainPages::default())).unwrap();
    proxy.set_routes(RouteTable { local, ..RouteTable::default() });
    proxy
}

fn speaking(port: u16, protocol: Protocol) -> Proxy {
    proxy(port, Forwarding { protocol, ..Forwarding::default() })
}

const GRPC: &str = "Content-Type: application/grpc\r\nContent-Length: 3\r\n";

#[test]
fn a_service_of_http2_alone_is_asked_in_it_whatever_is_asked() {
    let service = Http2Service::start(|_, _, request| {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        Some(format!("{:?} {} {host}", request.version(), request.method()))
    });
    let proxy = speaking(service.port, Protocol::Http2);
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").body, format!("HTTP/2.0 GET {HOST}"));
    assert_eq!(
        client.request("POST /", "Content-Length: 3\r\n", "abc").body,
        format!("HTTP/2.0 POST {HOST}")
    );
    assert_eq!(service.accepted(), 1, "all share one connection");
    // By itself it is asked so for gRPC alone.
    let proxy = speaking(service.port, Protocol::Auto);
    let mut client = Client::connect(&proxy);
    assert_eq!(client.request("POST /", GRPC, "abc").body, format!("HTTP/2.0 POST {HOST}"));
    assert_eq!(client.get("/").status, 503);
}

#[test]
fn a_service_of_http1_alone_is_never_asked_in_http2() {
    let service = Service::echo();
    let proxy = speaking(service.port, Protocol::Http1);
    let body = Client::connect(&proxy).request("POST /", GRPC, "abc").body;
    assert!(body.starts_with("POST / HTTP/1.1\r\n"), "{body}");
}

/// The first connection answers once and ends when it is asked again.
fn stale_after_one() -> Http2Service {
    Http2Service::start(|connection, request, _| {
        (connection > 0 || request == 0).then(|| format!("by connection {connection}"))
    })
}

#[test]
fn a_get_on_a_stale_shared_connection_is_sent_again_and_a_post_is_not() {
    let service = stale_after_one();
    let proxy = speaking(service.port, Protocol::Http2);
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").body, "by connection 0");
    assert_eq!(client.get("/").body, "by connection 1");
    assert_eq!(service.accepted(), 2);

    let service = stale_after_one();
    let proxy = speaking(service.port, Protocol::Http2);
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").body, "by connection 0");
    let answer = client.request("POST /", "Content-Length: 3\r\n", "abc");
    assert!(answer.body.starts_with("Reset "), "{answer:?}");
    assert_eq!(service.accepted(), 1);
}

const FROM_OUTSIDE: &str = "Origin: http://web.shop.localhost\r\n";

#[test]
fn a_service_that_knows_only_localhost_is_asked_so_by_local_visitors_too() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let port = visit.stream.local_addr().unwrap().port();
            visit.answer("302 Found", &format!("Location: http://localhost:{port}/next\r\n"), &request);
        }
    });
    let proxy = proxy(service.port, Forwarding { host: HostPolicy::Rewrite, ..Forwarding::default() });
    let answer = Client::connect(&proxy).request("GET /", FROM_OUTSIDE, "");
    let inside = format!("localhost:{}", service.port);
    for line in
        [format!("host: {inside}"), format!("origin: http://{inside}"), format!("x-forwarded-host: {HOST}")]
    {
        assert!(answer.body.contains(&format!("\r\n{line}\r\n")), "{line} in {}", answer.body);
    }
    assert_eq!(answer.header("location"), Some("http://web.shop.localhost/next"));
}

#[test]
fn a_host_that_is_to_be_kept_is_kept() {
    let service = Service::echo();
    let proxy = proxy(service.port, Forwarding { host: HostPolicy::Keep, ..Forwarding::default() });
    let body = Client::connect(&proxy).request("GET /", FROM_OUTSIDE, "").body;
    assert!(
        body.contains(&format!("\r\nhost: {HOST}\r\n")) && body.contains("\r\norigin: http://web.shop"),
        "{body}"
    );
}
