use std::io::{BufRead, Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::client::Client;
use super::super::service::Service;
use super::super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with, wait_until};
use super::service::{answering, endless, others_are_served};
use crate::{Limits, Proxy, Target};

#[test]
fn a_body_of_bad_chunks_breaks_off_for_the_client() {
    for chunks in [
        "0x2\r\nok\r\n0\r\n\r\n",
        "+2\r\nok\r\n0\r\n\r\n",
        "-2\r\nok\r\n0\r\n\r\n",
        "2\r\nokXX0\r\n\r\n",
        "2\r\nokay\r\n0\r\n\r\n",
        "10000000000000002\r\nok\r\n0\r\n\r\n",
        "2\nok\r\n0\r\n\r\n",
        "2\r\nok\n0\r\n\r\n",
        "2\r\nok\r\n0\r\nX\r\n\r\n",
        "2\r\nok\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    ] {
        let service = answering(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
        let proxy = proxy_to(service.port);
        let mut client = Client::connect(&proxy);
        client.send(format!("GET /bad HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
        // Where the head was not sent before the fault was seen, nothing comes at all.
        let mut got = Vec::new();
        let ended = client.reader.read_to_end(&mut got);
        let shown = got.escape_ascii();
        assert!(ended.is_ok_and(|_| got.is_empty() || got.starts_with(b"HTTP/1.1 200 OK\r\n")), "{shown}");
        assert!(!got.ends_with(b"0\r\n\r\n"), "{chunks:?}: passed off as the whole: {shown}");
        assert!(!String::from_utf8_lossy(&got).contains("evil"), "{shown}");
        others_are_served(&proxy, chunks);
    }
}

#[test]
fn a_second_answer_or_a_surplus_of_bytes_is_never_anybodys() {
    let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    for (bytes, body) in [
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{evil}"), "ok"),
        (format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n{evil}"), "ok"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was said".to_owned(), "ok"),
        (format!("HTTP/1.1 204 No Content\r\n\r\n{evil}"), ""),
        (format!("HTTP/1.1 304 Not Modified\r\nContent-Length: 44\r\n\r\n{evil}"), ""),
        (
            format!("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2c\r\n{evil}\r\n0\r\n\r\n"),
            "",
        ),
    ] {
        let service = answering(bytes.clone());
        let proxy = proxy_to(service.port);
        for _ in 0..3 {
            let mut client = Client::connect(&proxy);
            assert_eq!(client.get("/bad").body, body, "{bytes:?}");
            // The client's own connection is in step as well.
            assert_eq!(client.get("/next").body, "/next", "{bytes:?}");
            others_are_served(&proxy, &bytes);
        }
    }
}

#[test]
fn the_body_of_an_answer_to_head_is_nobodys() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            visit.answer("200 OK", "", &path);
        }
    });
    let proxy = proxy_to(service.port);
    for _ in 0..3 {
        let mut client = Client::connect(&proxy);
        let answer = client.request("HEAD /evil", "", "");
        assert_eq!((answer.status, answer.header("content-length")), (200, Some("5")));
        assert_eq!(client.get("/next").body, "/next");
        others_are_served(&proxy, "a HEAD with a body");
    }
}

#[test]
fn trailers_without_an_end_break_off() {
    let (service, end) =
        endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", "X: a\r\n");
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET /bad HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"ok");
    assert_eq!(client.chunk(), None, "passed off as the whole");
    end.recv_timeout(PATIENCE).unwrap();
    others_are_served(&proxy, "endless trailers");
}

#[test]
fn a_reset_in_mid_body_is_seen_by_the_client() {
    for head in
        ["Content-Length: 100\r\n\r\npart", "Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n", "\r\npart"]
    {
        let service = Service::start(move |visit| {
            let request = visit.head().unwrap_or_default();
            if !request.starts_with("POST /bad ") {
                return visit.answer(
                    "200 OK",
                    "Connection: close\r\n",
                    request.split(' ').nth(1).unwrap_or_default(),
                );
            }
            visit.write(format!("HTTP/1.1 200 OK\r\n{head}"));
            let mut begun = [0; 4];
            visit.reader.read_exact(&mut begun).unwrap();
            // A connection that is closed with bytes that nobody has read is reset.
            wait_until("there is something unread", || {
                visit.stream.peek(&mut [0; 1]).is_ok_and(|read| read > 0)
            });
        });
        let proxy = proxy_to(service.port);
        let mut client = Client::connect(&proxy);
        client.send(format!("POST /bad HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000\r\n\r\npart"));
        assert_eq!(client.head().status, 200);
        let _ = client.stream.write_all(&[b'a'; 10_000]);
        let mut rest = Vec::new();
        let _ = client.reader.read_to_end(&mut rest);
        assert!(!rest.ends_with(b"0\r\n\r\n"), "passed off as the whole: {}", rest.escape_ascii());
        others_are_served(&proxy, head);
    }
}

#[test]
fn a_service_that_stops_sending_and_goes_on_reading_has_answered_in_full() {
    let service = Service::start(|visit| {
        let request = visit.request().unwrap_or_default();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        if path == "/bad" {
            visit.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        } else {
            visit.answer("200 OK", "", &path);
        }
        visit.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = visit.reader.fill_buf();
    });
    let proxy = proxy_to(service.port);
    for _ in 0..3 {
        assert_eq!(Client::connect(&proxy).get("/bad").body, "until the end");
        others_are_served(&proxy, "a half close");
    }
}

/// A service whose connections are accepted and never read.
fn deaf() -> (Service, mpsc::Sender<()>) {
    let (done, end) = mpsc::channel::<()>();
    let end = Mutex::new(end);
    let service = Service::start(move |visit| {
        visit.head();
        let _ = end.lock().unwrap().recv_timeout(PATIENCE);
    });
    (service, done)
}

/// A client in the middle of an upload without an end to a service that never reads, and the thread that goes on
/// sending. It ends, with false, as soon as the proxy refuses to take more.
fn stuck_upload(proxy: &Proxy) -> (Client, JoinHandle<bool>) {
    let mut client = Client::connect(proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000000000000\r\n\r\n"));
    let mut sender = client.stream.try_clone().unwrap();
    let begun = Instant::now();
    let sending = std::thread::spawn(move || {
        while begun.elapsed() < PATIENCE && sender.write_all(&[0; 100_000]).is_ok() {}
        begun.elapsed() >= PATIENCE
    });
    (client, sending)
}

const HURRIED: Duration = Duration::from_millis(300);

#[test]
fn a_service_that_never_reads_holds_up_its_own_client_only() {
    let ((service, _done), served) = (deaf(), Service::echo());
    let limits = Limits { response_head: HURRIED, ..Limits::default() };
    let routes = [(HOST, Target::to(service.port)), ("other", Target::to(served.port))];
    let proxy = proxy_with(limits, PlainPages::default(), &routes);
    let (mut stuck, _) = stuck_upload(&proxy);
    for _ in 0..10 {
        let mut client = Client::connect(&proxy);
        client.send("GET / HTTP/1.1\r\nHost: other\r\n\r\n");
        assert_eq!(client.answer().status, 200);
    }
    let answer = stuck.answer();
    assert!(answer.status == 503 && answer.body.starts_with("TimedOut "), "{answer:?}");
}

#[test]
fn an_upload_that_is_given_up_is_let_go_on_both_sides() {
    let (service, _done) = deaf();
    let limits = Limits { response_head: HURRIED, drained: HURRIED, ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    let (mut stuck, sending) = stuck_upload(&proxy);
    assert_eq!(stuck.answer().status, 503);
    let answered = Instant::now();
    assert!(!sending.join().unwrap(), "it was taken for ever");
    assert!(answered.elapsed() < PATIENCE / 2, "the proxy let go after {:?}", answered.elapsed());
}

/// The connection of an answer that came before the body had been sent is not to be used again: whoever doesn't read
/// the body takes it for a request.
#[test]
fn an_early_answer_leaves_the_rest_of_the_body_to_nobody() {
    let (seen, wait) = mpsc::channel();
    let seen = Mutex::new(seen);
    let service = Service::start(move |visit| {
        let mut unanswered = String::new();
        while let Some(head) = visit.head() {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if path == "/smuggled" {
                // Answered when the next one comes.
                unanswered = path;
                seen.lock().unwrap().send(()).unwrap();
                continue;
            }
            if !unanswered.is_empty() {
                visit.answer("200 OK", "", &std::mem::take(&mut unanswered));
            }
            visit.answer("200 OK", "", &path);
        }
        let _ = seen.lock().unwrap().send(());
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    let smuggled = format!("GET /smuggled HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let length = smuggled.len();
    client.send(format!("POST /first HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n"));
    assert_eq!(client.answer().body, "/first");
    let _ = client.stream.write_all(smuggled.as_bytes());
    wait.recv_timeout(PATIENCE).unwrap();
    others_are_served(&proxy, "an early answer");
}
