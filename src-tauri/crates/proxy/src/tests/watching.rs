use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with};
use crate::{EVENTS_PATH, Limits, Target};

fn pages(events: &[&str]) -> PlainPages {
    PlainPages {
        events: events.iter().map(|event| (*event).to_owned()).collect::<Vec<_>>().into(),
        ..PlainPages::default()
    }
}

#[test]
fn a_page_hears_each_event_and_then_the_end() {
    let proxy = proxy_with(
        Limits::default(),
        pages(&["{\"state\":\"starting\"}", "two\nlines"]),
        &[(HOST, Target::DOWN)],
    );
    let answer =
        Client::connect(&proxy).request(&format!("GET {EVENTS_PATH}"), "Accept: text/event-stream\r\n", "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.complete);
    assert_eq!(answer.body, "retry: 1000\n\ndata: {\"state\":\"starting\"}\n\ndata: two\ndata: lines\n\n");
}

#[test]
fn a_quiet_stream_says_that_it_is_still_there() {
    let limits = Limits { event_comment: Duration::from_millis(20), ..Limits::default() };
    let proxy = proxy_with(limits, pages(&[]), &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET {EVENTS_PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"retry: 1000\n\n");
    for _ in 0..3 {
        assert_eq!(client.chunk().unwrap(), b":\n\n");
    }
}

#[test]
fn an_open_page_does_not_hold_up_the_end() {
    let proxy = proxy_with(Limits::default(), pages(&[]), &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET {EVENTS_PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    client.head();
    client.chunk();
    let started = std::time::Instant::now();
    proxy.shutdown(PATIENCE);
    assert!(started.elapsed() < PATIENCE, "the stream was waited for");
}

#[test]
fn all_but_a_page_asking_for_events_goes_to_the_application() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    for (line, headers) in [
        (format!("POST {EVENTS_PATH}"), "Content-Length: 0\r\n"),
        (format!("GET {EVENTS_PATH}"), "Accept: text/html\r\n"),
        (format!("GET {EVENTS_PATH}more"), "Accept: text/event-stream\r\n"),
        ("GET /.well-known/kinfra".to_owned(), "Accept: text/event-stream\r\n"),
        (format!("GET /%2e{}", &EVENTS_PATH[2..]), "Accept: text/event-stream\r\n"),
    ] {
        let answer = client.request(&line, headers, "");
        assert!(answer.body.starts_with(&format!("{line} HTTP/1.1")), "{line}: {}", answer.body);
    }
}

#[test]
fn an_unknown_host_has_no_events() {
    let proxy = proxy_with(Limits::default(), pages(&[]), &[]);
    let answer = Client::connect(&proxy).get(EVENTS_PATH);
    assert!(answer.body.starts_with("UnknownHost"), "{}", answer.body);
}
