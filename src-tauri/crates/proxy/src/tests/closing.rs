//! Who closes what, and when.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with};
use crate::{Limits, Proxy, Target};

const SHORT: Duration = Duration::from_millis(200);

fn proxy(service: &Service) -> Proxy {
    let limits = Limits { half_closed: SHORT, ..Limits::default() };
    proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))])
}

#[test]
fn a_client_that_has_closed_its_half_gets_all_of_an_answer_that_moves() {
    // Longer on the whole than such a client is waited for in silence.
    let (_open, quiet) = mpsc::channel::<()>();
    let quiet = Mutex::new(quiet);
    let service = Service::start(move |visit| {
        while visit.request().is_some() {
            visit.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for _ in 0..8 {
                let _ = quiet.lock().unwrap().recv_timeout(SHORT / 4);
                visit.write("4\r\npart\r\n");
            }
            visit.write("0\r\n\r\n");
        }
    });
    let proxy = proxy(&service);
    for request in ["GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 3\r\n"] {
        let mut client = Client::connect(&proxy);
        let body = if request.starts_with("POST") { "abc" } else { "" };
        client.send(format!("{request}Host: {HOST}\r\n\r\n{body}"));
        client.stream.shutdown(Shutdown::Write).unwrap();
        let answer = client.answer();
        assert!(answer.complete, "{request}: {answer:?}");
        assert_eq!(answer.body, "part".repeat(8), "{request}");
        // Nothing is owed any more, so its end is one.
        assert!(client.is_closed(), "{request}");
    }
}

#[test]
fn a_client_that_leaves_before_its_answer_is_missed_in_time() {
    let (left, seen) = mpsc::channel();
    let left = Mutex::new(left);
    let service = Service::start(move |visit| {
        visit.request();
        let ended = visit.reader.read(&mut [0; 1]);
        left.lock().unwrap().send(!matches!(ended, Ok(1))).unwrap();
    });
    let proxy = proxy(&service);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    drop(client);
    assert!(seen.recv_timeout(PATIENCE / 2).unwrap(), "the service waited on");
}

#[test]
fn the_end_of_a_client_that_is_owed_nothing_is_heard_at_once() {
    let service = Service::echo();
    // With the default it would be five seconds.
    let proxy = proxy_to(service.port);
    let begun = Instant::now();
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get("/").status, 200);
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert!(client.is_closed());
    // In the midst of a body nothing is owed either: it will never be whole.
    let mut client = Client::connect(&proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10\r\n\r\nabc"));
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(client.answer().status, 400 | 503));
    assert!(begun.elapsed() < Limits::default().half_closed, "{:?}", begun.elapsed());
}

#[test]
fn an_answer_in_the_midst_of_an_upload_is_never_lost() {
    const LENGTH: usize = 64 << 20;
    let service = Service::start(|visit| {
        visit.head();
        visit.answer("413 Payload Too Large", "Connection: close\r\n", "too much");
        visit.stream.shutdown(Shutdown::Write).unwrap();
        // As nginx does: it reads on for nobody.
        let _ = std::io::copy(&mut visit.reader, &mut std::io::sink());
    });
    let proxy = proxy_to(service.port);
    for number in 0..8 {
        let mut client = Client::connect(&proxy);
        client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LENGTH}\r\n\r\n"));
        // As most programs do: all of it, before they look for an answer.
        client.send(vec![0; LENGTH]);
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.as_str()), (413, "too much"), "upload {number}");
    }
}

#[test]
fn a_body_that_never_ends_passes_until_one_side_has_enough() {
    const ENOUGH: usize = 32 << 20;
    let (left, seen) = mpsc::channel();
    let left = Mutex::new(left);
    let service = Service::start(move |visit| {
        visit.head();
        let mut piece = vec![0; 1 << 16];
        let mut all = 0;
        while all < ENOUGH {
            all += visit.reader.read(&mut piece).unwrap();
        }
        visit.answer("200 OK", "", "enough");
        while visit.reader.read(&mut piece).is_ok_and(|read| read > 0) {}
        left.lock().unwrap().send(()).unwrap();
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"));
    let mut sender = client.stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && sender.write_all(chunk.as_bytes()).is_ok() {}
        assert!(begun.elapsed() < PATIENCE, "it was taken for ever");
    });
    assert_eq!(client.answer().body, "enough");
    client.stream.shutdown(Shutdown::Both).unwrap();
    seen.recv_timeout(PATIENCE).unwrap();
    sending.join().unwrap();
}
