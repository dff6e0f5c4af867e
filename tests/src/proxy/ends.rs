//! Who breaks off is noticed at the other end.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::curl::Curl;
use super::served::Served;
use crate::tools::Tool;
use crate::wait_until;

const SOON: Duration = Duration::from_secs(10);

fn served(test: &str) -> Option<Served> {
    Served::server(test, "http.cjs", &[Tool::Curl])
}

#[test]
fn a_service_hears_of_a_client_that_leaves() {
    let Some(web) = served("a_service_hears_of_a_client_that_leaves") else { return };
    for (left, option) in ["--http1.1", "--http2-prior-knowledge"].into_iter().enumerate() {
        let curl = Curl::start(&web.url("/endless"), &[option]);
        wait_until("the answer to begin", SOON, || curl.body() == b"the beginning");
        assert_eq!(web.direct("/left", &[]).json(), left, "{option}");
        curl.kill();
        wait_until("the service to hear of it", SOON, || web.direct("/left", &[]).json() == left + 1);
    }
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_a_whole_one() {
    let Some(web) = served("an_answer_that_breaks_off_is_not_taken_for_a_whole_one") else { return };
    for path in ["/torn", "/torn?sized"] {
        for (option, codes) in [("--http1.1", &[18, 56][..]), ("--http2-prior-knowledge", &[18, 56, 92])] {
            let mut curl = Curl::start(&web.url(path), &[option]);
            let code = curl.code();
            assert!(codes.contains(&code), "{option} {path}: curl ended with {code}");
            let body = curl.body();
            // A stream of HTTP/2 that ends so may lose what was not yet on its way.
            assert!(b"the beginning".starts_with(&body), "{option} {path}: {body:?}");
        }
    }
}

/// A refusal of what is too large, as most servers have it.
#[test]
fn a_service_may_refuse_a_body_that_is_under_way() {
    let Some(web) = served("a_service_may_refuse_a_body_that_is_under_way") else { return };
    let file = web.project.home.path().join("upload");
    File::create(&file).unwrap().set_len(200 << 20).unwrap();
    let options = ["--http1.1", "--header", "Expect:", "--upload-file", file.to_str().unwrap()];
    for url in [web.direct_url("/early"), web.url("/early")] {
        let statuses = (0..100).map(|_| Curl::start(&url, &options).status());
        let others: Vec<u16> = statuses.filter(|status| *status != 413).collect();
        assert!(others.is_empty(), "{url}: {others:?}, where 0 is no answer");
    }
}

/// As `nc -N` and many a script does.
#[test]
fn a_client_that_has_said_all_still_gets_its_answer() {
    let Some(web) = served("a_client_that_has_said_all_still_gets_its_answer") else { return };
    for (way, port) in [("direct", web.direct), ("proxy", web.proxy)] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", web.host()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("hello\n"), "{way}: {answer:?}");
    }
}
