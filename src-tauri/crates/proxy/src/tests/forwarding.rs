use std::net::Ipv6Addr;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, proxy_to};

/// The lines of what the service received whose header is `name`.
fn received<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn a_request_reaches_the_service_of_its_host_in_origin_form() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).get("/a%20path?with=query&x=%2F");
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with("GET /a%20path?with=query&x=%2F HTTP/1.1\r\n"), "{}", answer.body);
    assert_eq!(received(&answer.body, "host"), [HOST]);
}

#[test]
fn the_host_is_matched_in_any_case_with_port_and_trailing_dot_and_kept_as_written() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    for host in ["WEB.Shop.localhost", "web.shop.localhost:7080", "web.shop.localhost."] {
        let mut client = Client::connect(&proxy);
        client.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let answer = client.answer();
        assert_eq!(answer.status, 200, "{host}");
        assert_eq!(received(&answer.body, "host"), [host]);
        assert_eq!(received(&answer.body, "x-forwarded-host"), [host]);
    }
}

#[test]
fn an_absolute_target_names_the_host_and_is_sent_in_origin_form() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET http://{HOST}/path?q HTTP/1.1\r\nHost: other.localhost\r\n\r\n"));
    let answer = client.answer();
    assert!(answer.body.starts_with("GET /path?q HTTP/1.1\r\n"), "{}", answer.body);
    assert_eq!(received(&answer.body, "host"), [HOST]);
}

#[test]
fn hop_by_hop_headers_stay_here_and_all_others_pass() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            visit.answer(
                "200 OK",
                "Connection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: yes\r\n",
                &request,
            );
        }
    });
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).request(
        "GET /",
        "Connection: keep-alive, X-Hop, Host\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n\
         TE: gzip, trailers\r\nX-Twice: a\r\nX-Twice: b\r\nAuthorization: Bearer t\r\n",
        "",
    );
    for name in ["connection", "x-hop", "keep-alive", "proxy-connection"] {
        assert_eq!(received(&answer.body, name), [""; 0], "{name} reached the service");
    }
    assert_eq!(received(&answer.body, "te"), ["trailers"]);
    assert_eq!(received(&answer.body, "x-twice"), ["a", "b"]);
    assert_eq!(received(&answer.body, "authorization"), ["Bearer t"]);
    assert_eq!(received(&answer.body, "host"), [HOST]);
    for name in ["connection", "x-secret", "keep-alive"] {
        assert_eq!(answer.header(name), None, "{name} reached the client");
    }
    assert_eq!(answer.header("x-kept"), Some("yes"));
}

#[test]
fn where_a_request_comes_from_is_the_proxys_word_and_not_the_clients() {
    let service = Service::echo();
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).request(
        "GET /",
        "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nX-Forwarded-Host: evil.example\r\n\
         X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 6.6.6.6\r\n\
         Forwarded: for=6.6.6.6;proto=https\r\n",
        "",
    );
    assert_eq!(received(&answer.body, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(received(&answer.body, "x-forwarded-host"), [HOST]);
    assert_eq!(received(&answer.body, "x-forwarded-proto"), ["http"]);
    let forwarded = format!("for=127.0.0.1;host=\"{HOST}\";proto=http");
    assert_eq!(received(&answer.body, "forwarded"), [forwarded]);
    assert!(!answer.body.contains("6.6.6.6") && !answer.body.contains("443"), "{}", answer.body);
}

#[test]
fn cookies_and_codings_pass_untouched() {
    let service = Service::start(|visit| {
        while visit.request().is_some() {
            visit.answer(
                "201 Created",
                "Set-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=2; Expires=Wed, 21 Oct 2099 07:28:00 GMT\r\n\
                 Content-Encoding: gzip\r\nVary: Accept\r\nVary: Cookie\r\n",
                "\u{1f}not really gzip",
            );
        }
    });
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).request("GET /", "Cookie: a=1; b=2\r\n", "");
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.all("set-cookie"),
        ["a=1; Path=/; HttpOnly", "b=2; Expires=Wed, 21 Oct 2099 07:28:00 GMT"]
    );
    assert_eq!(answer.all("content-encoding"), ["gzip"]);
    assert_eq!(answer.all("vary"), ["Accept", "Cookie"]);
    assert_eq!(answer.body, "\u{1f}not really gzip");
}

#[test]
fn answers_without_a_body_keep_their_headers_and_the_connection() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            match request.split(' ').nth(1) {
                Some("/head") => visit.write("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
                Some("/head-chunked") => visit.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Some("/204") => visit.write("HTTP/1.1 204 No Content\r\nX-Seen: 1\r\n\r\n"),
                Some("/304") => {
                    visit.write("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n");
                }
                _ => visit.answer("200 OK", "", "last"),
            }
        }
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    let answer = client.request("HEAD /head", "", "");
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("1234")));
    let answer = client.request("HEAD /head-chunked", "", "");
    assert_eq!((answer.status, answer.header("content-length")), (200, None));
    let answer = client.get("/204");
    assert_eq!((answer.status, answer.header("x-seen")), (204, Some("1")));
    assert_eq!(answer.header("content-length"), None);
    let answer = client.request("GET /304", "If-None-Match: \"x\"\r\n", "");
    // The length is that of a body that isn't sent.
    assert_eq!(answer.header("etag"), Some("\"x\""));
    assert_eq!(client.get("/").body, "last");
    assert_eq!(service.accepted(), 1);
}

#[test]
fn a_service_that_listens_on_ipv6_only_is_found() {
    let service = Service::start_on(Ipv6Addr::LOCALHOST.into(), |visit| {
        while visit.request().is_some() {
            visit.answer("200 OK", "", "six");
        }
    });
    let proxy = proxy_to(service.port);
    assert_eq!(Client::connect(&proxy).get("/").body, "six");
}

#[test]
fn an_http_1_0_client_gets_its_answer_and_a_closed_connection() {
    let service = Service::start(|visit| {
        while visit.request().is_some() {
            visit.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        }
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n"));
    let answer = client.answer();
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(answer.body, "abc");
    assert!(client.is_closed());
}

#[test]
fn the_words_of_a_status_are_the_service_s_own() {
    let words = ["299 Rather Fine", "200 ", "200 Okay", "200 OK", "404 Not Found"];
    let service = Service::start(move |visit| {
        while let Some(request) = visit.request() {
            let number: usize = request.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
            visit.answer(words[number], "", "");
        }
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    for (number, words) in words.into_iter().enumerate() {
        client.send(format!("GET /{number} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
        assert_eq!(client.line(), format!("HTTP/1.1 {words}\r\n"));
        while client.line() != "\r\n" {}
    }
}

#[test]
fn hints_before_an_answer_are_no_answer() {
    let service = Service::start(|visit| {
        while visit.request().is_some() {
            visit.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
            visit.write("HTTP/1.1 102 Processing\r\n\r\n");
            visit.answer("200 OK", "", "whole");
        }
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    for _ in 0..3 {
        let answer = client.get("/");
        assert_eq!((answer.status, answer.body.as_str(), answer.header("link")), (200, "whole", None));
    }
    assert_eq!(service.accepted(), 1);
}
