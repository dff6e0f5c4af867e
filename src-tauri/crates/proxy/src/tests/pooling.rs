use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with};
use crate::{Limits, Target};

#[test]
fn one_connection_to_the_service_serves_many_clients_in_turn() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    for _ in 0..20 {
        assert_eq!(Client::connect(&proxy).get("/").status, 200);
        assert_eq!(Client::connect(&proxy).request("POST /", "Content-Length: 3\r\n", "abc").status, 200);
    }
    assert_eq!(service.accepted(), 1);
}

#[test]
fn an_unused_connection_is_closed_after_a_while() {
    let (closed, seen) = mpsc::channel();
    let closed = Mutex::new(closed);
    let service = Service::start(move |visit| {
        while visit.request().is_some() {
            visit.answer("200 OK", "", "");
        }
        closed.lock().unwrap().send(()).unwrap();
    });
    let limits = Limits { pool_idle: Duration::from_millis(50), ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    assert_eq!(Client::connect(&proxy).get("/").status, 200);
    seen.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_connection_that_the_service_closes_is_let_go_at_once_and_costs_nobody_a_request() {
    let (closed, seen) = mpsc::channel();
    let closed = Mutex::new(closed);
    let service = Service::start(move |visit| {
        visit.request();
        visit.answer("200 OK", "", "");
        visit.stream.shutdown(Shutdown::Write).unwrap();
        closed.lock().unwrap().send(visit.head().is_none()).unwrap();
    });
    let limits = Limits { pool_idle: 2 * PATIENCE, ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    for _ in 0..3 {
        // Of these none is ever sent again.
        let answer = Client::connect(&proxy).request("POST /", "Content-Length: 3\r\n", "abc");
        assert_eq!(answer.status, 200);
        assert!(seen.recv_timeout(PATIENCE / 2).unwrap(), "the proxy keeps what is closed");
    }
}

/// A service whose first connection answers one request and closes when the second has come; the others go on.
fn stale_after_one() -> Service {
    Service::start(|visit| {
        while let Some(request) = visit.request() {
            visit.answer("200 OK", "", &format!("{}: {request}", visit.number));
            if visit.number == 0 {
                visit.head();
                return visit.close();
            }
        }
    })
}

#[test]
fn a_get_on_a_stale_connection_is_sent_again_on_a_fresh_one() {
    let service = stale_after_one();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    assert!(client.get("/").body.starts_with("0: "));
    let answer = client.request("GET /again", "X-Kept: yes\r\n", "");
    assert!(answer.body.starts_with("1: GET /again"), "{}", answer.body);
    assert!(answer.body.contains("x-kept: yes"), "{}", answer.body);
    assert_eq!(service.accepted(), 2);
}

#[test]
fn a_post_of_which_something_was_sent_is_never_sent_again() {
    let service = stale_after_one();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    assert!(client.get("/").body.starts_with("0: "));
    let answer = client.request("POST /", "Content-Length: 4\r\n", "once");
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with("Reset "), "{}", answer.body);
    assert_eq!(service.accepted(), 1);
}

#[test]
fn a_connection_that_was_closed_in_between_costs_nobody_a_request() {
    let service = Service::start(|visit| {
        visit.request();
        visit.answer("200 OK", "", "");
        visit.close();
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    for _ in 0..50 {
        assert_eq!(client.get("/").status, 200);
    }
}

#[test]
fn a_connection_with_an_unread_rest_is_not_used_again() {
    let service = Service::start(|visit| {
        visit.request();
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        );
        visit.request();
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    for _ in 0..3 {
        assert_eq!(client.get("/").body, "ok");
    }
}
