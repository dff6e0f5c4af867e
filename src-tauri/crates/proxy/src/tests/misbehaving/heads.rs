use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use super::super::client::Client;
use super::super::service::Service;
use super::super::setup::{HOST, PATIENCE, PlainPages, proxy_to, proxy_with};
use super::service::{answering, endless, is_no_http, others_are_served};
use crate::{Limits, Target};

#[test]
fn an_answer_that_is_no_http_or_two_things_at_once_is_a_page_and_no_one_elses() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\nevil");
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    let bad: Vec<Vec<u8>> = [
        head("Content-Length: 4\r\nContent-Length: 5\r\n"),
        head("Content-Length: 4, 5\r\n"),
        head("Content-Length: +4\r\n"),
        head("Content-Length: -4\r\n"),
        head("Content-Length: 0x4\r\n"),
        head("Content-Length: four\r\n"),
        head("Content-Length: 18446744073709551620\r\n"),
        head("Content-Length : 4\r\n"),
        head("X\r\nContent-Length: 4\r\n"),
        head(": a\r\nContent-Length: 4\r\n"),
        head("X Y: a\r\nContent-Length: 4\r\n"),
        head("X: a\0b\r\nContent-Length: 4\r\n"),
        head("X: a\rb\r\nContent-Length: 4\r\n"),
        head("X: a\r\n folded\r\nContent-Length: 4\r\n"),
        head(&format!("{many}Content-Length: 4\r\n")),
        "HTTP/1.1 2 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/2 200\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_10.0\r\n\r\n".to_owned(),
        "<html>an answer of HTTP/0.9</html>\r\n\r\n".to_owned(),
        "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\r\n".to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    for bytes in bad {
        let shown = bytes.escape_ascii().to_string();
        let service = answering(bytes);
        let proxy = proxy_to(service.port);
        let answer = Client::connect(&proxy).get("/bad");
        assert!(is_no_http(&answer), "{shown}: {answer:?}");
        others_are_served(&proxy, &shown);
    }
}

#[test]
fn what_can_be_read_in_one_way_only_arrives_in_that_way() {
    for (bytes, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\ncontent-length:\t2\t\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\nX: \u{e9}\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n02;a=b\r\nok\r\n0\r\n\r\n", "ok"),
    ] {
        arrives(bytes, body);
    }
}

/// It is a connection of its own (RFC 9110, 2.5).
#[test]
fn what_a_service_says_in_http_1_0_is_told_in_http_1_1() {
    for lines in ["Content-Length: 2\r\n", ""] {
        let service = answering(format!("HTTP/1.0 200 OK\r\n{lines}\r\nok"));
        let proxy = proxy_to(service.port);
        let mut client = Client::connect(&proxy);
        client.send(format!("GET /bad HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
        assert_eq!(client.line(), "HTTP/1.1 200 OK\r\n", "{lines:?}");
    }
    arrives("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok");
}

/// The coding outweighs the length (RFC 9112, 6.3), which must not be passed on.
#[test]
fn a_length_beside_chunks_is_left_out() {
    for lines in [
        "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 9\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
    ] {
        arrives(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n2\r\nok\r\n0\r\n\r\n"), "ok");
    }
}

fn arrives(bytes: &str, body: &str) {
    let service = answering(bytes);
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    let answer = client.get("/bad");
    assert_eq!((answer.status, answer.body.as_str(), answer.complete), (200, body, true), "{bytes:?}");
    let framings = answer.all("content-length").len() + answer.all("transfer-encoding").len();
    assert_eq!(framings, 1, "{bytes:?}: {answer:?}");
    assert_eq!(client.get("/next").body, "/next", "{bytes:?}");
    others_are_served(&proxy, bytes);
}

/// The answer that the request gets then comes later, when nobody waits for it any more. (One that comes in the moment
/// in which the next request has been written can't be told from the answer to that one.)
#[test]
fn the_answer_after_one_that_came_before_its_request_is_never_anybodys() {
    let ((answered, may_go_on), (said, wait)) = (mpsc::channel(), mpsc::channel());
    let (may_go_on, said) = (Mutex::new(may_go_on), Mutex::new(said));
    let service = Service::start(move |visit| {
        if visit.number == 0 {
            visit.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
            visit.request();
            may_go_on.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            visit.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            said.lock().unwrap().send(()).unwrap();
        }
        while let Some(request) = visit.request() {
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            visit.answer("200 OK", "", &path);
        }
    });
    let proxy = proxy_to(service.port);
    let answer = Client::connect(&proxy).get("/first");
    // What came before anything was asked is either seen to be that, or taken for the answer.
    assert!(answer.body == "early" || answer.status == 503, "{answer:?}");
    answered.send(()).unwrap();
    wait.recv_timeout(PATIENCE).unwrap();
    others_are_served(&proxy, "an early answer");
}

#[test]
fn an_answer_between_two_requests_is_never_anybodys() {
    let (said, wait) = mpsc::channel();
    let said = Mutex::new(said);
    let service = Service::start(move |visit| {
        let mut count = 0;
        while let Some(request) = visit.request() {
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            visit.answer("200 OK", "", &path);
            count += 1;
            if visit.number == 0 && count == 1 {
                visit.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                said.lock().unwrap().send(()).unwrap();
            }
        }
    });
    let proxy = proxy_to(service.port);
    assert_eq!(Client::connect(&proxy).get("/first").body, "/first");
    wait.recv_timeout(PATIENCE).unwrap();
    others_are_served(&proxy, "an answer that nobody asked for");
}

#[test]
fn informational_answers_are_passed_over_however_many_there_are() {
    let many = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n".repeat(1000);
    for (before, expected) in [
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), 200),
        ("HTTP/1.1 102 Processing\r\n\r\n".to_owned(), 200),
        (many, 200),
    ] {
        let service = answering(format!("{before}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        let proxy = proxy_to(service.port);
        let answer = Client::connect(&proxy).get("/bad");
        assert_eq!((answer.status, answer.body.as_str()), (expected, "ok"));
        others_are_served(&proxy, "informational answers");
    }
}

#[test]
fn a_head_without_an_end_is_given_up() {
    for (head, piece) in [
        ("HTTP/1.1 200 OK\r\n", "X: a\r\n"),
        ("HTTP/1.1 200 OK\r\nX: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("HTTP/1.1 200 ", "OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK"),
        ("", "not HTTP at all, and much of it"),
    ] {
        let (service, end) = endless(head, piece);
        let proxy = proxy_to(service.port);
        let answer = Client::connect(&proxy).get("/bad");
        assert!(is_no_http(&answer), "{head:?}: {answer:?}");
        end.recv_timeout(PATIENCE).unwrap();
        others_are_served(&proxy, head);
    }
}

#[test]
fn informational_answers_without_an_end_are_given_up_in_time() {
    let (service, end) = endless("", "HTTP/1.1 103 Early Hints\r\n\r\n");
    let limits = Limits { response_head: Duration::from_millis(200), ..Limits::default() };
    let proxy = proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(service.port))]);
    let answer = Client::connect(&proxy).get("/bad");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.starts_with("TimedOut "), "{answer:?}");
    end.recv_timeout(PATIENCE).unwrap();
    others_are_served(&proxy, "a flood of 103");
}

#[test]
fn a_change_of_protocol_that_nobody_asked_for_is_a_page() {
    let switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nevil";
    for bytes in [switching, "HTTP/1.1 101 Switching Protocols\r\n\r\nevil"] {
        let service = answering(bytes);
        let proxy = proxy_to(service.port);
        let mut client = Client::connect(&proxy);
        let answer = client.get("/bad");
        assert!(is_no_http(&answer), "{bytes:?}: {answer:?}");
        assert_eq!(client.get("/next").body, "/next");
        others_are_served(&proxy, bytes);
    }
}

#[test]
fn a_service_that_closes_in_the_head_is_a_page() {
    for bytes in ["", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"] {
        let service = Service::start(move |visit| {
            let request = visit.request().unwrap_or_default();
            if request.starts_with("GET /bad ") {
                visit.write(bytes);
            } else {
                visit.answer(
                    "200 OK",
                    "Connection: close\r\n",
                    request.split(' ').nth(1).unwrap_or_default(),
                );
            }
            visit.close();
        });
        let proxy = proxy_to(service.port);
        let answer = Client::connect(&proxy).get("/bad");
        assert!(answer.status == 503 && answer.body.starts_with("Reset "), "{bytes:?}: {answer:?}");
        others_are_served(&proxy, bytes);
    }
}
