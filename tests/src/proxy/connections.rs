//! How long a connection lives, and what is said before a body is sent.

use serde_json::json;

use super::served::Served;
use crate::tools::{Tool, node};

fn served(test: &str) -> Option<Served> {
    Served::server(test, "http.cjs", &[Tool::Curl])
}

/// How many connections the second request of one curl needed.
fn twice(web: &Served, options: &[&str]) -> u32 {
    let url = web.url("/");
    let again = ["--output", "/dev/null", "--output", "/dev/null", &url];
    web.curl("/", &[options, &again].concat()).connects
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let Some(web) = served("a_connection_is_kept_for_the_next_request") else { return };
    assert_eq!(twice(&web, &["--http1.1"]), 0);
}

/// By Node.js: the curl of Debian 12 fails at its second request of this kind, to whatever server.
#[test]
fn a_hundred_requests_share_one_connection_of_http2() {
    let test = "a_hundred_requests_share_one_connection_of_http2";
    let Some(web) = Served::server(test, "http.cjs", &[]) else { return };
    let told = web.by_proxy("http2.cjs", "");
    assert_eq!(told, json!({"right": 100, "after": 200, "connections": 1}));
}

#[test]
fn a_connection_ends_where_the_client_says_so() {
    let Some(web) = served("a_connection_ends_where_the_client_says_so") else { return };
    let answer = web.curl("/", &["--http1.1", "--header", "Connection: close"]);
    assert_eq!((answer.status, answer.text()), (200, "hello\n"));
    assert_eq!(answer.header("connection"), Some("close"), "{answer:#?}");
    let options = ["--http1.1", "--header", "Connection: close"];
    assert_eq!(twice(&web, &options), 1);
    let old = web.curl("/chunked?bytes=100000", &["--http1.0"]);
    assert_eq!((old.body.len(), old.header("transfer-encoding")), (100_000, None), "{old:#?}");
    assert_ne!(old.header("connection"), Some("keep-alive"), "its end is the body's: {old:#?}");
}

#[test]
fn an_old_client_that_asks_for_it_keeps_its_connection() {
    let Some(web) = served("an_old_client_that_asks_for_it_keeps_its_connection") else { return };
    let answer = web.curl("/sized?bytes=10", &["--http1.0", "--header", "Connection: keep-alive"]);
    assert_eq!((answer.status, answer.body.len()), (200, 10));
    assert_eq!(
        answer.header("connection").map(str::to_lowercase).as_deref(),
        Some("keep-alive"),
        "{answer:#?}"
    );
}

#[test]
fn a_body_that_the_service_asks_for_is_sent_after_100_continue() {
    let Some(web) = served("a_body_that_the_service_asks_for_is_sent_after_100_continue") else { return };
    let options =
        ["--http1.1", "--header", "Expect: 100-continue", "--expect100-timeout", "30", "--data", "a body"];
    let answer = web.curl("/echo", &options);
    assert_eq!((answer.heads.as_slice(), answer.sent), (&[100, 200][..], 6), "{answer:#?}");
    assert_eq!(answer.json()["body"], "a body");
}

#[test]
fn a_body_that_the_service_refuses_is_never_sent() {
    let Some(web) = served("a_body_that_the_service_refuses_is_never_sent") else { return };
    let expect = ["--header", "Expect: 100-continue", "--expect100-timeout", "30"];
    let options = [&expect[..], &["--http1.1", "--header", "X-Please: refuse", "--data", "a body"]].concat();
    for (way, answer) in
        [("direct", web.direct("/upload", &options)), ("proxy", web.curl("/upload", &options))]
    {
        assert_eq!((answer.heads.as_slice(), answer.text()), (&[413][..], "too large"), "{way}: {answer:#?}");
        assert_eq!(answer.sent, 0, "{way}: {answer:#?}");
    }
    assert_eq!(web.direct("/refused", &[]).json(), 0);
}

#[test]
fn trailers_of_an_answer_come_through() {
    let Some(web) = served("trailers_of_an_answer_come_through") else { return };
    for option in ["--http1.1", "--http2-prior-knowledge"] {
        let answer = web.curl("/trailers", &[option, "--header", "TE: trailers"]);
        assert_eq!((answer.status, answer.text()), (200, "the body"), "{option}");
        assert_eq!(answer.header("x-sum"), Some("known at the end"), "{option}: {answer:#?}");
    }
}

#[test]
fn trailers_of_a_request_come_through() {
    let Some(web) = served("trailers_of_a_request_come_through") else { return };
    let seen = node("clients/trailers.cjs", &json!({"port": web.proxy, "host": web.host()}));
    assert_eq!(seen["body"], "the body", "{seen}");
    assert_eq!(seen["trailers"], json!({"x-sum": "known at the end"}), "{seen}");
}
