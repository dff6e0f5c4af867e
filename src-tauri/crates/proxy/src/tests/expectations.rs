use std::io::{ErrorKind, Read};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, proxy_with};
use crate::{Limits, Proxy, Target};

fn proxy(service: &Service, expectation: Duration) -> Proxy {
    let limits = Limits { expectation, ..Limits::default() };
    proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))])
}

/// No test waits for so long.
const LONG: Duration = Duration::from_secs(600);

/// A client that has said all but the body.
fn asking(proxy: &Proxy, expectations: &str) -> Client {
    let mut client = Client::connect(proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\n{expectations}Content-Length: 4\r\n\r\n"));
    client
}

const EXPECT: &str = "Expect: 100-continue\r\n";

#[test]
fn a_body_is_asked_for_when_the_service_asks_for_it() {
    let (next, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let service = Service::start(move |visit| {
        let head = visit.head().unwrap();
        gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        visit.write("HTTP/1.1 100 Continue\r\n\r\n");
        let mut body = [0; 4];
        visit.reader.read_exact(&mut body).unwrap();
        visit.answer("200 OK", "", &(head + &String::from_utf8_lossy(&body)));
    });
    let proxy = proxy(&service, LONG);
    let mut client = asking(&proxy, EXPECT);
    client.stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(client.stream.read(&mut [0; 1]).is_err(), "the proxy spoke for the service");
    client.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    next.send(()).unwrap();
    assert_eq!(client.head().status, 100);
    client.send("body");
    let answer = client.answer();
    assert!(answer.body.contains("expect: 100-continue\r\n") && answer.body.ends_with("body"), "{answer:?}");
}

#[test]
fn a_body_that_the_service_does_not_want_is_never_sent_and_never_missed() {
    let (rest, seen) = mpsc::channel();
    let rest = Mutex::new(rest);
    let service = Service::start(move |visit| {
        visit.head();
        visit.answer("413 Payload Too Large", "", "too much");
        let mut more = Vec::new();
        let _ = visit.reader.read_to_end(&mut more);
        rest.lock().unwrap().send(more).unwrap();
    });
    let proxy = proxy(&service, LONG);
    let mut client = asking(&proxy, EXPECT);
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.as_str()), (413, "too much"));
    assert_eq!(answer.header("connection"), Some("close"), "the body may still come: {answer:?}");
    assert!(client.is_closed());
    // Not even the end of one, which would make a part the whole.
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), b"");
    assert_eq!(service.accepted(), 1);
}

#[test]
fn a_service_that_knows_nothing_of_it_gets_the_body_after_a_while() {
    let service = Service::echo();
    let proxy = proxy(&service, Duration::from_millis(50));
    let mut client = asking(&proxy, EXPECT);
    assert_eq!(client.head().status, 100);
    client.send("body");
    assert!(client.answer().body.ends_with("\r\n\r\nbody"));
}

#[test]
fn what_else_is_expected_the_service_is_not_told_of_and_nobody_waits() {
    let service = Service::echo();
    let proxy = proxy(&service, LONG);
    // hyper says 100 by itself where the last one is that.
    let twice = format!("{EXPECT}{EXPECT}");
    for (expectations, is_told) in [("Expect: everything\r\n", false), (&twice, true)] {
        let mut client = asking(&proxy, expectations);
        client.send("body");
        if is_told {
            assert_eq!(client.head().status, 100);
        }
        let answer = client.answer();
        assert!(!answer.body.contains("expect") && answer.body.ends_with("body"), "{answer:?}");
    }
}

#[test]
fn a_refusal_that_its_client_does_not_wait_for_keeps_no_connection_to_the_service() {
    let (ended, seen) = mpsc::channel();
    let ended = Mutex::new(ended);
    let service = Service::start(move |visit| {
        visit.head();
        visit.write("HTTP/1.1 413 Payload Too Large\r\nTransfer-Encoding: chunked\r\n\r\n");
        visit.stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let is_late = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
        // hyper hears of a client whose body it doesn't read only when it writes.
        let more = loop {
            visit.write("4\r\npart\r\n");
            match visit.reader.read(&mut [0; 1]) {
                Err(error) if is_late(error.kind()) => {}
                end => break end.unwrap_or(0),
            }
        };
        ended.lock().unwrap().send(more).unwrap();
    });
    let proxy = proxy(&service, LONG);
    let mut client = asking(&proxy, EXPECT);
    assert_eq!(client.head().status, 413);
    assert_eq!(client.chunk().unwrap(), b"part");
    drop(client);
    assert_eq!(seen.recv_timeout(PATIENCE), Ok(0), "it got a body that was never sent, or waits for it");
}
