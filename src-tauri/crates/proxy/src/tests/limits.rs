//! Whoever keeps a place and does nothing with it loses it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, proxy_with, wait_until};
use crate::{Limits, Proxy, Target};

const SHORT: Duration = Duration::from_millis(200);

fn impatient(service: &Service) -> Proxy {
    let limits = Limits { client_head: SHORT, ..Limits::default() };
    proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))])
}

#[test]
fn a_connection_too_many_is_closed_and_its_place_is_free_when_another_one_ends() {
    let service = Service::echo();
    let limits = Limits { connections: 2, ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    let mut kept = [Client::connect(&proxy), Client::connect(&proxy)];
    for client in &mut kept {
        assert_eq!(client.get("/").status, 200);
    }
    assert!(Client::connect(&proxy).is_closed(), "a third one was served");
    let [first, mut second] = kept;
    drop(first);
    wait_until("a place is free", || {
        let mut client = Client::connect(&proxy);
        let _ = write!(client.stream, "GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        client.stream.read(&mut [0; 12]).is_ok_and(|read| read > 0)
    });
    assert_eq!(second.get("/").status, 200);
}

#[test]
fn who_never_says_anything_or_stops_in_a_head_is_left() {
    let service = Service::echo();
    let proxy = impatient(&service);
    let begun = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n");
    // The preface of HTTP/2 begins like `POST`: which of them it will be is open after each of these.
    for beginning in ["", "G", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", &begun] {
        let mut client = Client::connect(&proxy);
        client.send(beginning);
        assert!(client.is_closed(), "after {beginning:?}");
    }
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").status, 200);
    client.send("GET / HT");
    assert!(client.is_closed(), "after a head and a half");
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").status, 200);
    assert!(client.is_closed(), "after a request");
}

#[test]
fn a_head_that_comes_byte_by_byte_is_a_request_and_one_that_never_ends_is_none() {
    let service = Service::echo();
    let proxy = impatient(&service);
    let mut client = Client::connect(&proxy);
    for byte in format!("GET /slowly HTTP/1.1\r\nHost: {HOST}\r\n\r\n").bytes() {
        client.send([byte]);
    }
    assert!(client.answer().body.starts_with("GET /slowly HTTP/1.1\r\n"));

    let mut client = Client::connect(&proxy);
    client.send("GET /never HTTP/1.1\r\nX: ");
    // A byte as often as its answer is not there.
    client.stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let begun = Instant::now();
    let is_open = |client: &mut Client| {
        let is_late = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
        client.stream.write_all(b"a").is_ok()
            && client.stream.read(&mut [0; 1]).is_err_and(|error| is_late(error.kind()))
    };
    while is_open(&mut client) {
        assert!(begun.elapsed() < PATIENCE, "it was listened to all the time");
    }
}

#[tokio::test]
async fn a_client_of_http2_that_asks_for_nothing_any_more_is_sent_away_and_one_that_waits_is_not() {
    // It answers when twice the time has gone that an idle client has.
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            visit.stream.set_read_timeout(Some(4 * SHORT)).unwrap();
            let asked_again = request.starts_with("GET /slow ") && visit.reader.read(&mut [0; 1]).is_ok();
            visit.stream.set_read_timeout(Some(PATIENCE)).unwrap();
            visit.answer("200 OK", "", if asked_again { "given up" } else { "waited for" });
        }
    });
    let proxy = impatient(&service);
    let stream = tokio::net::TcpStream::connect(proxy.local_addr()).await.unwrap();
    let (mut client, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(driver);
    for path in ["/slow", "/"] {
        let request = Request::get(format!("http://{HOST}{path}")).body(Empty::<Bytes>::new()).unwrap();
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "waited for", "{path}");
    }
    // It still has a handle to ask with.
    timeout(PATIENCE, driver).await.expect("it may stay for ever").unwrap().unwrap();
    assert!(client.is_closed());

    // The same for who greets and never asks.
    let stream = tokio::net::TcpStream::connect(proxy.local_addr()).await.unwrap();
    let (client, driver) =
        http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    timeout(PATIENCE, driver).await.expect("it may stay for ever").unwrap();
    drop(client);
}

#[tokio::test]
async fn a_service_that_accepts_no_connection_is_given_up_in_time() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    // Until the kernel has no more room for those that nobody accepts.
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, SHORT) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "its backlog is never full");
    }
    let limits = Limits { connect: SHORT, ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(address.port()))]);
    let begun = Instant::now();
    assert_eq!(Client::connect(&proxy).get("/").body, format!("TimedOut id-of-{HOST} Json"));
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}
