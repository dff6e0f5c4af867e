use std::time::Duration;

use super::client::Client;
use super::service::{Service, Visit};
use super::setup::{HOST, PATIENCE, PlainPages, proxy_with, table, wait_until};
use crate::{Limits, START_PATH, Target, Trouble};

#[test]
fn each_request_is_counted_and_noted_without_anything_secret() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let status = if request.contains("/broken") { "500 Oh" } else { "200 OK" };
            visit.answer(status, "", "0123456789");
        }
    });
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[]);
    let table = table(&[(HOST, Target::to(service.port))]);
    proxy.set_routes(table.clone());
    let mut client = Client::connect(&proxy);
    client.request("POST /pay?token=secret", "Content-Length: 3\r\nAuthorization: secret\r\n", "abc");
    client.request("POST /up", "Transfer-Encoding: chunked\r\n", "4\r\nwxyz\r\n0\r\n\r\n");
    client.get("/broken");
    client.request_of("nobody.localhost", "GET /", "", "");
    let noted = || proxy.journal().after(0, 100, |_| true).0;
    wait_until("all are noted", || noted().len() == 4);
    let records = noted();
    let shown: Vec<String> = records
        .iter()
        .map(|record| {
            let route = record.route.as_deref().unwrap_or("-");
            let (status, received, sent) = (record.status.as_u16(), record.received, record.sent);
            format!("{} {}{} {route} {status} {received} {sent}", record.method, record.host, record.path)
        })
        .collect();
    assert_eq!(
        shown,
        [
            format!("POST {HOST}/pay id-of-{HOST} 200 3 10"),
            format!("POST {HOST}/up id-of-{HOST} 200 4 10"),
            format!("GET {HOST}/broken id-of-{HOST} 500 0 10"),
            "GET nobody.localhost/ - 503 0 18".to_owned(),
        ]
    );
    assert!(records.iter().all(|record| record.duration > Duration::ZERO));
    let figures = table.local.find(HOST, "/").unwrap().route().traffic.figures();
    assert_eq!((figures.requests, figures.errors, figures.received, figures.sent), (3, 1, 7, 30));
    assert!(figures.latency.is_some());
}

#[test]
fn an_answer_that_breaks_off_and_a_service_that_is_gone_are_errors_with_their_reason() {
    let service = Service::start(|visit| {
        visit.request();
        visit.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        visit.close();
    });
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[]);
    let table = table(&[(HOST, Target::to(service.port))]);
    proxy.set_routes(table.clone());
    assert!(!Client::connect(&proxy).get("/").complete);
    let route = table.local.find(HOST, "/").unwrap().route();
    route.lead_to(Target::to(super::setup::closed_port()));
    Client::connect(&proxy).get("/");
    let noted = || proxy.journal().after(0, 100, |_| true).0;
    wait_until("both are noted", || noted().len() == 2);
    let troubles: Vec<_> = noted().iter().map(|record| (record.status.as_u16(), record.trouble)).collect();
    assert_eq!(troubles, [(200, Some(Trouble::Reset)), (503, Some(Trouble::Refused))]);
    assert_eq!(route.traffic.figures().errors, 2);
}

/// Changes the protocol, says `answer` to one line, and ends.
fn relayed(visit: &mut Visit) {
    visit.request();
    visit.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut visit.reader, &mut line).unwrap();
    visit.write("answer\n");
    if line != "stay\n" {
        // With something unread, so that it ends by a reset.
        std::io::BufRead::fill_buf(&mut visit.reader).unwrap();
    }
}

#[test]
fn what_a_relay_carried_is_counted_and_noted_however_it_ends() {
    for (said, received) in [("stay\n", 5), ("hello\nand more\n", 15)] {
        let service = Service::start(relayed);
        let proxy = proxy_with(Limits::default(), PlainPages::default(), &[]);
        let table = table(&[(HOST, Target::to(service.port))]);
        proxy.set_routes(table.clone());
        let mut client = Client::connect(&proxy);
        client
            .send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"));
        assert_eq!(client.head().status, 101);
        let noted = || proxy.journal().after(0, 100, |_| true).0;
        wait_until("it is noted before it ends", || noted().len() == 1);
        let begun = noted()[0].duration;
        client.send(said);
        assert_eq!(client.line(), "answer\n");
        drop(client);
        let traffic = &table.local.find(HOST, "/").unwrap().route().traffic;
        wait_until("the relay is counted", || {
            (traffic.figures().received, traffic.figures().sent) == (received, 7)
        });
        wait_until("the relay is noted", || (noted()[0].received, noted()[0].sent) == (received, 7));
        assert!(noted()[0].duration > begun);
        assert_eq!((noted().len(), noted()[0].number, traffic.figures().requests), (1, 1, 1));
    }
}

#[test]
fn what_a_relay_carried_is_counted_when_the_proxy_ends_it() {
    let service = Service::start(relayed);
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[]);
    let table = table(&[(HOST, Target::to(service.port))]);
    proxy.set_routes(table.clone());
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"));
    assert_eq!(client.head().status, 101);
    client.send("hello\n");
    assert_eq!(client.line(), "answer\n");
    proxy.shutdown(PATIENCE);
    let figures = table.local.find(HOST, "/").unwrap().route().traffic.figures();
    assert_eq!((figures.received, figures.sent), (6, 7));
}

#[test]
fn what_the_proxy_refuses_is_noted_with_all_that_is_known_of_it() {
    let service = Service::echo();
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::to(service.port))]);
    for request in [
        format!("GET /two?secret HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\n\r\n"),
        "GET /none HTTP/1.1\r\n\r\n".to_owned(),
        format!("POST /coded HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        format!("CONNECT {HOST}:80 HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("GET * HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        format!("POST {START_PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 0\r\n\r\n"),
        format!("POST /broken HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ] {
        let mut client = Client::connect(&proxy);
        client.send(&request);
        let answer = client.answer();
        assert!(matches!(answer.status, 400 | 403), "{request}: {answer:?}");
    }
    let noted = || proxy.journal().after(0, 100, |_| true).0;
    wait_until("all are noted", || noted().len() == 7);
    let shown: Vec<String> = noted()
        .iter()
        .map(|record| {
            let (method, host, path) = (&record.method, &record.host, &record.path);
            let (status, route) = (record.status.as_u16(), record.route.as_deref().unwrap_or("-"));
            format!("{method} {host} {path} {status} {route}")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "GET  /two 400 -".to_owned(),
            "GET  /none 400 -".to_owned(),
            format!("POST {HOST} /coded 400 -"),
            format!("CONNECT {HOST}  400 -"),
            format!("GET {HOST} * 400 -"),
            format!("POST {HOST} {START_PATH} 403 -"),
            format!("POST {HOST} /broken 400 id-of-{HOST}"),
        ]
    );
}
