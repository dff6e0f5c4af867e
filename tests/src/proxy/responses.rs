//! What a service answers comes through as it was sent, in every version of HTTP that a client may speak.

use serde_json::json;

use super::served::Served;
use crate::tools::Tool;

/// How to ask for it, and what is then spoken.
const VERSIONS: [(&str, &str); 4] =
    [("--http1.0", "1"), ("--http1.1", "1.1"), ("--http2-prior-knowledge", "2"), ("--http2", "1.1")];

fn served(test: &str) -> Option<Served> {
    Served::server(test, "http.cjs", &[Tool::Curl])
}

#[test]
fn every_answer_is_the_services_own_in_every_version() {
    let Some(web) = served("every_answer_is_the_services_own_in_every_version") else { return };
    for path in
        ["/", "/nothing", "/tagged", "/gzipped", "/cookies", "/sized?bytes=100000", "/odd", "/missing"]
    {
        let direct = web.direct(path, &["--http1.1"]);
        for (option, version) in VERSIONS {
            let answer = web.curl(path, &[option]);
            assert_eq!(answer.end_to_end(), direct.end_to_end(), "{option} {path}: {answer:#?}");
            assert_eq!(answer.version, version, "{option} {path}");
        }
    }
}

#[test]
fn the_words_of_a_status_are_the_services_own() {
    let Some(web) = served("the_words_of_a_status_are_the_services_own") else { return };
    assert_eq!(web.direct("/odd", &["--http1.1"]).reason, "Rather Fine");
    assert_eq!(web.curl("/odd", &["--http1.1"]).reason, "Rather Fine");
}

#[test]
fn a_head_request_has_the_headers_of_its_get_and_no_body() {
    let Some(web) = served("a_head_request_has_the_headers_of_its_get_and_no_body") else { return };
    for (option, _) in VERSIONS {
        let answer = web.curl("/gzipped", &["--head", option]);
        let get = web.curl("/gzipped", &[option]);
        assert_eq!((answer.status, answer.received), (200, 0), "{option}: {answer:#?}");
        assert_eq!(answer.end_to_end().1, get.end_to_end().1, "{option}");
    }
}

#[test]
fn an_answer_without_content_has_neither_body_nor_length() {
    let Some(web) = served("an_answer_without_content_has_neither_body_nor_length") else { return };
    for (option, _) in VERSIONS {
        let answer = web.curl("/nothing", &[option]);
        assert_eq!((answer.status, &*answer.body), (204, &b""[..]), "{option}");
        assert_eq!(answer.header("content-length"), None, "{option}: {answer:#?}");
    }
}

#[test]
fn what_a_client_knows_already_is_not_modified_and_keeps_its_tag() {
    let Some(web) = served("what_a_client_knows_already_is_not_modified_and_keeps_its_tag") else { return };
    for (option, _) in VERSIONS {
        let first = web.curl("/tagged", &[option]);
        let tag = first.header("etag").unwrap();
        let again = web.curl("/tagged", &[option, "--header", &format!("If-None-Match: {tag}")]);
        assert_eq!((first.status, first.text()), (200, "the page"), "{option}");
        assert_eq!(
            (again.status, again.header("etag"), &*again.body),
            (304, Some(tag), &b""[..]),
            "{option}"
        );
    }
}

#[test]
fn what_is_packed_stays_packed_byte_for_byte() {
    let Some(web) = served("what_is_packed_stays_packed_byte_for_byte") else { return };
    let direct = web.direct("/gzipped", &[]);
    for (option, _) in VERSIONS {
        let packed = web.curl("/gzipped", &[option]);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{option}");
        assert_eq!(packed.body, direct.body, "{option}");
        let unpacked = web.curl("/gzipped", &[option, "--compressed"]);
        assert_eq!(unpacked.text(), "the same words, again and again. ".repeat(400), "{option}");
        assert_eq!(unpacked.received, packed.received, "{option}");
    }
}

#[test]
fn three_cookies_stay_three() {
    let Some(web) = served("three_cookies_stay_three") else { return };
    for (option, _) in VERSIONS {
        let answer = web.curl("/cookies", &[option]);
        let cookies = answer.all("set-cookie");
        let wanted = ["one=1; Path=/", "two=2; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "three=3"];
        assert_eq!(cookies, wanted, "{option}");
    }
}

#[test]
fn a_service_sees_method_path_host_and_body_as_the_client_sent_them() {
    let Some(web) = served("a_service_sees_method_path_host_and_body_as_the_client_sent_them") else {
        return;
    };
    for (option, _) in VERSIONS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"] {
            let path = "/echo?q=%2F+a%20b&empty=&utf=%C3%BC";
            let answer = web.curl(path, &[option, "--request", method, "--data", "one=1&two=ü"]);
            let seen = answer.json();
            assert_eq!(
                json!([seen["method"], seen["url"], seen["headers"]["host"], seen["body"]]),
                json!([method, path, web.host(), "one=1&two=ü"]),
                "{option} {method}"
            );
            assert_eq!(seen["headers"]["content-length"], "12", "{option} {method}: {seen}");
        }
    }
}

#[test]
fn a_path_is_left_as_it_was_written() {
    let Some(web) = served("a_path_is_left_as_it_was_written") else { return };
    for (option, _) in VERSIONS {
        for path in ["//a/../b/./c", "/%2e%2E/%41;x=1", "/a|b\"{}", "/x?", "/a?b?c=//"] {
            let answer = web.curl(path, &[option, "--path-as-is", "--globoff"]);
            assert_eq!(answer.header("x-asked"), Some(path), "{option}: {answer:#?}");
        }
    }
}

#[test]
fn every_way_to_write_the_same_host_leads_to_the_service() {
    let Some(web) = served("every_way_to_write_the_same_host_leads_to_the_service") else { return };
    let proxy = format!("127.0.0.1:{}", web.proxy);
    for host in ["web.shop.localhost", "WEB.Shop.LOCALHOST", "web.shop.localhost.", "web.shop.localhost:80"] {
        let host = format!("Host: {host}");
        let answer = super::curl::Curl::start(&format!("http://{proxy}/"), &["--header", &host]).end();
        assert_eq!(answer.text(), "hello\n", "{host}");
    }
    // As a browser asks that was told of a proxy, or a program by the variable http_proxy.
    let options = ["--noproxy", "", "--proxy", &proxy];
    let answer = super::curl::Curl::start("http://web.shop.localhost/echo?x", &options).end().json();
    assert_eq!(
        (&answer["url"], &answer["headers"]["host"]),
        (&json!("/echo?x"), &json!("web.shop.localhost"))
    );
}

#[test]
fn a_question_to_the_server_as_a_whole_is_answered_by_the_service() {
    let Some(web) = served("a_question_to_the_server_as_a_whole_is_answered_by_the_service") else { return };
    let answer = web.curl("/", &["--http1.1", "--request", "OPTIONS", "--request-target", "*"]);
    assert_eq!((answer.status, answer.header("x-asked")), (204, Some("*")), "{answer:#?}");
}

#[test]
fn cookies_of_60_kib_come_through() {
    let Some(web) = served("cookies_of_60_kib_come_through") else { return };
    let cookie = format!("session={}", "c".repeat(60 << 10));
    for (option, _) in VERSIONS {
        let seen = web.curl("/echo", &[option, "--header", &format!("Cookie: {cookie}")]);
        assert_eq!(seen.status, 200, "{option}: {seen:?}");
        assert!(seen.json()["headers"]["cookie"] == cookie.as_str(), "{option}");
    }
}

/// hyper's server has no way to send an answer in between: of HTTP/1 its encoder refuses every 1xx but 101, and of
/// HTTP/2 it keeps h2's `send_informational` to itself. A hint is only ever a hint, so the answer is as good without.
#[test]
fn a_hint_is_kept_back_and_its_answer_comes_whole() {
    let Some(web) = served("a_hint_is_kept_back_and_its_answer_comes_whole") else { return };
    assert_eq!(web.direct("/hinted", &[]).heads, [103, 200]);
    for option in ["--http1.1", "--http2-prior-knowledge"] {
        let answer = web.curl("/hinted", &[option]);
        assert_eq!((answer.heads.as_slice(), answer.text()), (&[200][..], "the page"), "{option}");
    }
}
