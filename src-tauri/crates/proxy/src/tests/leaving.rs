//! Clients that leave, or stop to read or to send, in the midst of an exchange.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use tokio::net::TcpSocket;

use super::client::Client;
use super::service::{Service, Visit};
use super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with};
use crate::{Limits, Target};

const SHORT: Duration = Duration::from_millis(200);

/// More than all buffers on the way hold, and less than all of it.
const HELD_BACK: usize = 64 << 20;
const LENGTH: usize = 256 << 20;

#[test]
fn what_a_client_has_left_is_never_anybody_elses() {
    let (begun, has_begun) = mpsc::channel();
    let (closed, is_closed) = mpsc::channel();
    let channels = Mutex::new((begun, closed));
    let service = Service::start(move |visit: &mut Visit| {
        while let Some(head) = visit.head() {
            let beginning = match head.split(' ').nth(1).unwrap() {
                "/head" | "/upload" => "",
                "/body" => "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nleft",
                _ => {
                    visit.answer("200 OK", "", "mine");
                    continue;
                }
            };
            visit.write(beginning);
            channels.lock().unwrap().0.send(()).unwrap();
            let _ = std::io::copy(&mut visit.reader, &mut std::io::sink());
            // Whoever comes next would get this.
            visit.write(format!("{}left", if beginning.is_empty() { "HTTP/1.1 200 OK\r\n\r\n" } else { "" }));
            return channels.lock().unwrap().1.send(()).unwrap();
        }
    });
    let limits = Limits { half_closed: SHORT, ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    for (request, rest) in
        [("GET /head", ""), ("GET /body", ""), ("POST /upload", "Content-Length: 10\r\n\r\npart")]
    {
        let rest = if rest.is_empty() { "\r\n" } else { rest };
        assert_eq!(Client::connect(&proxy).get("/").body, "mine");
        let before = service.accepted();
        let mut client = Client::connect(&proxy);
        client.send(format!("{request} HTTP/1.1\r\nHost: {HOST}\r\n{rest}"));
        has_begun.recv_timeout(PATIENCE).unwrap();
        drop(client);
        is_closed.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{request}: the service waited on"));
        assert_eq!(Client::connect(&proxy).get("/").body, "mine", "{request}");
        assert_eq!(service.accepted(), before + 1, "{request}");
    }
}

/// Writes until nobody takes any more, and says how much that was before it writes the rest.
fn write_until_held_back(stream: &mut TcpStream, taken: &mpsc::Sender<usize>) {
    let piece = vec![b'x'; 1 << 16];
    let mut written = 0;
    stream.set_write_timeout(Some(SHORT)).unwrap();
    while written < LENGTH {
        match stream.write(&piece[..piece.len().min(LENGTH - written)]) {
            Ok(length) => written += length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => panic!("{error} after {written} bytes"),
        }
    }
    taken.send(written).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..(LENGTH - written) / piece.len() {
        stream.write_all(&piece).unwrap();
    }
    stream.write_all(&piece[..(LENGTH - written) % piece.len()]).unwrap();
}

fn read_all(reader: impl Read) {
    let read = std::io::copy(&mut reader.take(LENGTH as u64), &mut std::io::sink()).unwrap();
    assert_eq!(read, LENGTH as u64);
}

#[test]
fn a_client_that_stops_to_read_holds_its_service_back_and_gets_all_when_it_goes_on() {
    let (taken, seen) = mpsc::channel();
    let taken = Mutex::new(taken);
    let service = Service::start(move |visit| {
        visit.request();
        visit.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        let taken = taken.lock().unwrap().clone();
        write_until_held_back(&mut visit.stream, &taken);
        visit.head();
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    let taken = seen.recv_timeout(PATIENCE).unwrap();
    assert!(taken < HELD_BACK, "{taken} bytes were taken of nobody's answer");
    assert_eq!(client.head().status, 200);
    read_all(&mut client.reader);
}

#[test]
fn a_service_that_stops_to_read_holds_its_client_back_and_gets_all_when_it_goes_on() {
    let (resume, resumed) = mpsc::channel::<()>();
    let resumed = Mutex::new(resumed);
    let service = Service::start(move |visit| {
        visit.head();
        resumed.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        read_all(&mut visit.reader);
        visit.answer("200 OK", "", "all");
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LENGTH}\r\n\r\n"));
    let mut stream = client.stream.try_clone().unwrap();
    let (taken, seen) = mpsc::channel();
    let sending = std::thread::spawn(move || write_until_held_back(&mut stream, &taken));
    let taken = seen.recv_timeout(PATIENCE).unwrap();
    assert!(taken < HELD_BACK, "{taken} bytes were taken for a service that takes none");
    resume.send(()).unwrap();
    assert_eq!(client.answer().body, "all");
    sending.join().unwrap();
}

#[tokio::test]
async fn who_reads_the_end_of_an_answer_late_gets_all_of_it() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let length: usize = request.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
            visit.answer("200 OK", "", &"x".repeat(length));
        }
    });
    let limits = Limits { client_head: SHORT, ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    // How much waits in which buffer is the system's business: of some of these the proxy has taken all, and keeps the
    // end.
    let mut clients = Vec::new();
    for length in (1..160_usize).map(|number| number << 15) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(65536).unwrap();
        let stream = socket.connect(proxy.local_addr()).await.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        (&stream).write_all(format!("GET /{length} HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
        clients.push((length, stream));
    }
    // Longer than the next request is waited for.
    let (_open, quiet) = mpsc::channel::<()>();
    let _ = quiet.recv_timeout(4 * SHORT);
    let cut: Vec<_> = clients
        .into_iter()
        .filter_map(|(length, stream)| {
            let mut all = Vec::new();
            let _ = stream.take(length as u64 + 100).read_to_end(&mut all);
            (all.len() < length).then_some((length, all.len()))
        })
        .collect();
    assert!(cut.is_empty(), "wanted and got: {cut:?}");
}
