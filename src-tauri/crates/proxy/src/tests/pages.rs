use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PlainPages, closed_port, proxy_to, proxy_with};
use crate::{Limits, Target};

fn quick() -> Limits {
    Limits { response_head: Duration::from_millis(100), ..Limits::default() }
}

/// What the page says that stands in for a service with this script.
fn trouble(script: impl Fn(&mut super::service::Visit) + Send + Sync + 'static) -> String {
    let service = Service::start(script);
    let proxy = proxy_with(quick(), PlainPages::default(), &[(HOST, Target::to(service.port))]);
    let answer = Client::connect(&proxy).get("/");
    assert_eq!(answer.status, 503);
    answer.body.split(' ').next().unwrap().to_owned()
}

#[test]
fn each_way_to_fail_has_its_own_page() {
    assert_eq!(trouble(super::service::Visit::close), "Reset");
    assert_eq!(
        trouble(|visit| {
            visit.request();
        }),
        "Reset"
    );
    assert_eq!(
        trouble(|visit| {
            visit.request();
            visit.write("SSH-2.0-OpenSSH_9.2\r\nwhatever\r\n\r\n");
        }),
        "Protocol"
    );
    assert_eq!(
        trouble(|visit| {
            visit.request();
            visit.write("HTTP/1.1 200 OK\r\nContent-Le");
            visit.request();
        }),
        "TimedOut"
    );
    assert_eq!(
        trouble(|visit| {
            visit.request();
            visit.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
        }),
        "Protocol"
    );
}

#[test]
fn a_port_that_nothing_listens_on_is_told_as_refused() {
    let proxy = proxy_to(closed_port());
    let answer = Client::connect(&proxy).get("/");
    assert_eq!(answer.body, format!("Refused id-of-{HOST} Json"));
}

#[test]
fn a_route_without_a_service_and_an_unknown_host_get_pages_that_nobody_stores() {
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    let answer = client.request("GET /", "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n", "");
    assert_eq!(answer.body, format!("NotServing id-of-{HOST} Html"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("retry-after"), Some("1"));

    client.send("GET / HTTP/1.1\r\nHost: nobody.localhost\r\nAccept: */*\r\n\r\n");
    assert_eq!(client.answer().body, "UnknownHost - Json");
}

#[test]
fn a_page_answers_head_and_uploads_on_a_connection_that_lives_on() {
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    let answer = client.request("HEAD /", "", "");
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("content-length"), Some("40"));

    let body = "x".repeat(500_000);
    let answer = client.request("POST /hook", "Content-Length: 500000\r\n", &body);
    assert!(answer.body.starts_with("NotServing"), "{}", answer.body);
    assert!(client.get("/").body.starts_with("NotServing"));
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_at_once_that_nobody_serves() {
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    let answer = client.request("POST /", "Expect: 100-continue\r\nContent-Length: 4\r\n", "");
    assert_eq!(answer.status, 503);
}

#[test]
fn a_panic_ends_its_request_and_nothing_else() {
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::DOWN)]);
    let mut other = Client::connect(&proxy);
    assert_eq!(other.get("/").status, 503);
    for _ in 0..3 {
        let mut client = Client::connect(&proxy);
        client.send("GET / HTTP/1.1\r\nHost: panic.localhost\r\n\r\n");
        let answer = client.answer();
        assert_eq!(answer.status, 500);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(client.is_closed());
    }
    assert_eq!(other.get("/").status, 503);
}
