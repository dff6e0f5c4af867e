use std::io::{Read, Write};

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, proxy_to};

const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n";

/// Changes to a protocol that gives each byte back.
fn echoing_socket() -> Service {
    Service::start(|visit| {
        let request = visit.head().unwrap();
        if !request.contains("upgrade: websocket") || !request.contains("connection: upgrade") {
            return visit.answer("426 Upgrade Required", "", &request);
        }
        visit.write(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: a\r\n\r\nhello",
        );
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = visit.reader.read(&mut piece) {
            visit.write(&piece[..read]);
        }
        visit.write("bye");
        visit.close();
    })
}

#[test]
fn a_websocket_is_relayed_both_ways_until_each_side_has_closed() {
    let service = echoing_socket();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET /hmr HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}\r\nearly"));
    let answer = client.head();
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    assert_eq!(answer.header("connection"), Some("upgrade"));
    assert_eq!(answer.header("sec-websocket-accept"), Some("a"));

    let mut read = |length: usize| {
        let mut bytes = vec![0; length];
        client.reader.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(read("helloearly".len()), "helloearly");
    for number in 0..100 {
        let message = format!("message {number}");
        client.stream.write_all(message.as_bytes()).unwrap();
        assert_eq!(read(message.len()), message);
    }
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read(3), "bye");
    assert!(client.is_closed());
}

#[test]
fn a_service_that_declines_the_upgrade_answers_as_ever() {
    let service = Service::start(|visit| {
        while visit.request().is_some() {
            visit.answer("403 Forbidden", "", "no");
        }
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    let answer = client.request("GET /", UPGRADE, "");
    assert_eq!((answer.status, answer.body.as_str()), (403, "no"));
    assert_eq!(client.get("/").status, 403);
}

#[test]
fn an_upgrade_to_h2c_is_not_passed_on() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).request(
        "GET /",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "",
    );
    assert_eq!(answer.status, 200);
    assert!(!answer.body.to_ascii_lowercase().contains("h2c"), "{}", answer.body);
    assert!(!answer.body.to_ascii_lowercase().contains("http2-settings"), "{}", answer.body);
}

#[test]
fn a_relay_ends_with_the_proxy() {
    let service = echoing_socket();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}\r\n"));
    assert_eq!(client.head().status, 101);
    client.reader.read_exact(&mut [0; 5]).unwrap();
    let started = std::time::Instant::now();
    proxy.shutdown(super::setup::PATIENCE);
    assert!(started.elapsed() < super::setup::PATIENCE, "the relay was waited for");
    assert!(client.is_closed());
}

#[test]
fn a_service_changes_to_what_it_was_asked_for_or_to_nothing() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let to =
                request.split("GET /").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
            visit.write(format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: {to}\r\n\r\nhello"
            ));
        }
    });
    let proxy = proxy_to(service.port);
    let ask = |to: &str| {
        let mut client = Client::connect(&proxy);
        client.send(format!(
            "GET /{to} HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: h2c, WebSocket, echo\r\n\r\n"
        ));
        client.head().status
    };
    assert_eq!([ask("websocket"), ask("echo"), ask("h2c"), ask("other")], [101, 101, 503, 503]);
}
