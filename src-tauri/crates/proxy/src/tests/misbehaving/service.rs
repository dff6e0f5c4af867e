use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Instant;

use super::super::client::{Answer, Client};
use super::super::service::Service;
use super::super::setup::PATIENCE;
use crate::Proxy;

/// Answers `/bad` with these bytes and leaves the connection open; any other path with itself.
pub(super) fn answering(bytes: impl Into<Vec<u8>>) -> Service {
    let bytes = bytes.into();
    Service::start(move |visit| {
        while let Some(request) = visit.request() {
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            if path == "/bad" { visit.write(&bytes) } else { visit.answer("200 OK", "", &path) }
        }
    })
}

/// Another client's request, over the same connection to the service if that is still in use.
pub(super) fn others_are_served(proxy: &Proxy, what: &str) {
    for path in ["/innocent-1", "/innocent-2"] {
        let answer = Client::connect(proxy).get(path);
        assert_eq!((answer.status, answer.body.as_str()), (200, path), "after {what}");
    }
}

/// Whether the page says that what came is no HTTP.
pub(super) fn is_no_http(answer: &Answer) -> bool {
    answer.status == 503 && answer.body.starts_with("Protocol ")
}

/// Writes `head` and then `piece` again and again, until nobody takes any more; says when that was.
pub(super) fn endless(head: &'static str, piece: &'static str) -> (Service, mpsc::Receiver<()>) {
    let (ended, end) = mpsc::channel();
    let ended = Mutex::new(ended);
    let service = Service::start(move |visit| {
        while let Some(request) = visit.request() {
            if !request.starts_with("GET /bad ") {
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                visit.answer("200 OK", "", &path);
                continue;
            }
            visit.write(head);
            visit.stream.set_write_timeout(Some(PATIENCE)).unwrap();
            let begun = Instant::now();
            while visit.stream.write_all(piece.as_bytes()).is_ok() && begun.elapsed() < PATIENCE {}
            assert!(begun.elapsed() < PATIENCE, "it was listened to all the time");
            return ended.lock().unwrap().send(()).unwrap();
        }
    });
    (service, end)
}
