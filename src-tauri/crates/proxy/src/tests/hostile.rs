use super::client::Client;
use super::service::Service;
use super::setup::{HOST, listener, proxy_to, wait_until};
use crate::{Proxy, ProxyError};

#[test]
fn what_has_two_meanings_is_refused_and_its_connection_closed() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let with = |rest: &str| format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{rest}\r\n");
    let hostile = [
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost:\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: me@{HOST}\r\n\r\n"),
        format!("GET http://me:pw@{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        with(&format!("Host: {HOST}\r\n")),
        with("Host: other.localhost\r\n"),
        with("Content-Length: 1\r\nContent-Length: 2\r\n"),
        with("Content-Length: +1\r\n"),
        with("Content-Length: 1,1\r\n"),
        with("Transfer-Encoding: gzip, chunked\r\n"),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        with("Transfer-Encoding: identity\r\n"),
        with("X: a\r\n folded\r\n"),
        with("X: a\0b\r\n"),
        with("X : a\r\n"),
        with("Transfer-Encoding: chunked\r\n") + "zz\r\n",
        "GET /\u{1} HTTP/1.1\r\nHost: web.shop.localhost\r\n\r\n".to_owned(),
    ];
    for request in hostile {
        let mut client = Client::connect(&proxy);
        client.send(&request);
        let answer = client.answer();
        assert_eq!(answer.status, 400, "{request:?}");
        assert!(answer.body.is_empty() || answer.header("connection") == Some("close"), "{request:?}");
        assert!(client.is_closed(), "still open after {request:?}");
    }
}

#[test]
fn a_length_beside_chunks_reaches_the_service_as_one_request_and_the_connection_ends() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
         GET /smuggled HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    ));
    let answer = client.answer();
    assert!(!answer.body.to_ascii_lowercase().contains("content-length"), "{}", answer.body);
    assert!(!answer.body.contains("smuggled"), "{}", answer.body);
    assert!(client.is_closed());
}

#[test]
fn a_listener_that_others_could_reach_is_refused() {
    let listener = std::net::TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let refused = Proxy::start(listener, 1, std::sync::Arc::new(super::setup::PlainPages::default()));
    assert!(matches!(refused, Err(ProxyError::NotLoopback(_))));
}

#[test]
fn after_the_end_the_port_is_free() {
    let proxy =
        Proxy::start(listener(), 3, std::sync::Arc::new(super::setup::PlainPages::default())).unwrap();
    let address = proxy.local_addr();
    proxy.shutdown(std::time::Duration::ZERO);
    // Waited for, as another test may be handed this very port for a moment; a leaked listener would stay.
    wait_until("the port is free", || std::net::TcpListener::bind(address).is_ok());
}
