use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with};
use crate::{Limits, Target};

#[test]
fn chunks_arrive_while_the_response_goes_on() {
    let (next, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let service = Service::start(move |visit| {
        visit.request();
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        visit.write("5\r\nfirst\r\n");
        gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        visit.write("6\r\nsecond\r\n0\r\n\r\n");
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"first");
    // The service says more only after the client has read the first chunk.
    next.send(()).unwrap();
    assert_eq!(client.chunk().unwrap(), b"second");
    assert_eq!(client.chunk().unwrap(), b"");
}

#[test]
fn a_request_body_reaches_the_service_while_it_is_sent() {
    let (arrived, seen) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let service = Service::start(move |visit| {
        visit.head();
        let mut piece = [0; 10];
        visit.reader.read_exact(&mut piece).unwrap();
        arrived.lock().unwrap().send(String::from_utf8_lossy(&piece).into_owned()).unwrap();
        visit.reader.read_exact(&mut piece).unwrap();
        visit.answer("200 OK", "", "done");
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client
        .send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"));
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), "5\r\nfirst\r\n");
    client.send("5\r\nother\r\n0\r\n\r\n");
    assert_eq!(client.answer().body, "done");
}

#[test]
fn large_bodies_pass_both_ways_at_once() {
    const LENGTH: usize = 64 * 1024 * 1024;
    let service = Service::start(|visit| {
        visit.head();
        visit.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        // Each piece goes back as it comes: neither side holds more than a piece.
        let mut piece = vec![0; 64 * 1024];
        let mut left = LENGTH;
        while left > 0 {
            let read = visit.reader.read(&mut piece).unwrap();
            visit.write(&piece[..read]);
            left -= read;
        }
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LENGTH}\r\n\r\n"));
    let mut sender = client.stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for block in 0..LENGTH / 65536 {
            sender.write_all(&[block as u8; 65536]).unwrap();
        }
    });
    assert_eq!(client.head().status, 200);
    let mut block = vec![0; 65536];
    for number in 0..LENGTH / 65536 {
        client.reader.read_exact(&mut block).unwrap();
        assert!(block.iter().all(|byte| *byte == number as u8), "block {number} is not what was sent");
    }
    sending.join().unwrap();
}

#[test]
fn an_upload_goes_on_while_nobody_reads_its_answer() {
    // More than all buffers on the way hold.
    const LENGTH: usize = 64 << 20;
    let service = Service::start(|visit| {
        visit.head();
        let mut stream = visit.stream.try_clone().unwrap();
        let answering = std::thread::spawn(move || {
            stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").as_bytes())?;
            stream.write_all(&vec![b'x'; LENGTH])
        });
        let taken =
            std::io::copy(&mut (&mut visit.reader).take(LENGTH as u64), &mut std::io::sink()).unwrap();
        assert_eq!(taken, LENGTH as u64);
        answering.join().unwrap().unwrap();
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.stream.set_write_timeout(Some(PATIENCE)).unwrap();
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LENGTH}\r\n\r\n"));
    // The answer has begun before the upload has.
    let head = client.head();
    assert_eq!(head.status, 200);
    client.send(vec![0; LENGTH]);
    let read = std::io::copy(&mut (&mut client.reader).take(LENGTH as u64), &mut std::io::sink()).unwrap();
    assert_eq!(read, LENGTH as u64);
}

#[test]
fn a_get_may_have_a_body() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    let answer = client.request("GET /", "Transfer-Encoding: chunked\r\n", "4\r\nbody\r\n0\r\n\r\n");
    assert!(answer.body.ends_with("4\r\nbody\r\n0\r\n\r\n"), "{}", answer.body);
    let answer = client.request("GET /", "Content-Length: 4\r\n", "body");
    assert!(answer.body.ends_with("\r\n\r\nbody"), "{}", answer.body);
}

#[test]
fn trailers_pass_both_ways() {
    let service = Service::start(|visit| {
        let request = visit.request().unwrap();
        let length = request.len();
        visit.write(
            "HTTP/1.1 200 OK\r\nTrailer: grpc-status\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
                + &format!("{length:x}\r\n{request}\r\n0\r\ngrpc-status: 7\r\n\r\n"),
        );
    });
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).request(
        "POST /",
        "TE: trailers\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n",
        "3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n",
    );
    assert_eq!(answer.header("grpc-status"), Some("7"));
    assert!(answer.body.contains("x-sum: 42"), "{}", answer.body);
}

#[test]
fn a_response_that_breaks_off_breaks_off_for_the_client_too() {
    let service = Service::start(|visit| {
        let request = visit.request().unwrap();
        if request.starts_with("GET /sized") {
            visit.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
        } else {
            visit.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
        }
        visit.close();
    });
    let proxy = proxy_to(service.port);
    for path in ["/sized", "/chunked"] {
        let answer = Client::connect(&proxy).get(path);
        assert_eq!(answer.status, 200);
        assert!(!answer.complete, "{path}: a part was passed off as the whole: {answer:?}");
        assert_eq!(answer.body, "part", "{path}: what came is passed on");
    }
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    ));
    assert_eq!(client.head().status, 100);
    client.send("body");
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert!(answer.body.ends_with("\r\n\r\nbody"), "{}", answer.body);
}

#[test]
fn an_answer_before_the_end_of_the_request_reaches_the_client() {
    let service = Service::start(|visit| {
        visit.head();
        visit.answer("413 Payload Too Large", "Connection: close\r\n", "too much");
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000\r\n\r\nonly this"));
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.as_str()), (413, "too much"));
}

#[test]
fn the_service_sees_that_a_client_has_left() {
    let (left, seen) = mpsc::channel();
    let left = Mutex::new(left);
    let service = Service::start(move |visit| {
        visit.request();
        visit.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        let ended = visit.reader.read(&mut [0; 1]);
        left.lock()
            .unwrap()
            .send(
                matches!(ended, Ok(0))
                    || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset),
            )
            .unwrap();
    });
    let limits = Limits { half_closed: Duration::from_millis(200), ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    client.head();
    assert_eq!(client.chunk().unwrap(), b"first");
    drop(client);
    assert!(seen.recv_timeout(PATIENCE).unwrap(), "the service waited on");
}
