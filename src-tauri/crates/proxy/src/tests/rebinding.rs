//! What other sites and applications can have a browser ask for: none of it can they read.

use std::sync::Arc;

use super::client::{Answer, Client};
use super::setup::{HOST, PlainPages, proxy_with};
use crate::{EVENTS_PATH, LOGS_PATH, Limits, RESTART_PATH, START_PATH, Target};

fn is_shared(answer: &Answer) -> bool {
    answer
        .headers
        .iter()
        .any(|(name, _)| name.starts_with("access-control") || name.starts_with("timing-allow"))
}

#[test]
fn nothing_of_the_proxy_is_shared_with_another_origin() {
    let pages = PlainPages { events: vec!["starting".to_owned()].into(), ..PlainPages::default() };
    let proxy = proxy_with(Limits::default(), pages, &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    for origin in ["https://evil.example.com", "http://db.shop.localhost", "null"] {
        let headers = format!("Origin: {origin}\r\nSec-Fetch-Site: cross-site\r\n");
        for (line, status) in [("GET /", 503), ("OPTIONS /", 503), ("GET /.well-known/kinfra/", 503)] {
            let answer = client.request(line, &headers, "");
            assert!(answer.status == status && !is_shared(&answer), "{line}: {answer:?}");
        }
        for line in [format!("GET {LOGS_PATH}"), format!("GET {EVENTS_PATH}")] {
            let answer = client.request(&line, &headers, "");
            assert!(answer.status == 200 && !is_shared(&answer), "{line}: {answer:?}");
        }
        // A browser asks so before it sends what a form can't send; no answer allows it.
        for path in [LOGS_PATH, EVENTS_PATH, START_PATH, RESTART_PATH] {
            let asking = format!("{headers}Access-Control-Request-Method: POST\r\n");
            let answer = client.request(&format!("OPTIONS {path}"), &asking, "");
            assert!(!is_shared(&answer), "{path}: {answer:?}");
        }
        for path in [START_PATH, RESTART_PATH] {
            let answer = Client::connect(&proxy).request(
                &format!("POST {path}"),
                &(headers.clone() + "Content-Length: 0\r\n"),
                "",
            );
            assert!(answer.status == 403 && !is_shared(&answer), "{path}: {answer:?}");
        }
    }
}

#[test]
fn a_site_that_leads_its_own_name_here_finds_no_route() {
    let pages = PlainPages::default();
    let (actions, local) = (Arc::clone(&pages.actions), Arc::clone(&pages.local));
    let proxy = proxy_with(Limits::default(), pages, &[(HOST, Target::DOWN)]);
    let mut client = Client::connect(&proxy);
    for host in ["evil.example.com", "web.shop.localhost.evil.example.com", "10.0.0.1", "weblocalhost"] {
        for line in [
            "GET /".to_owned(),
            format!("GET {LOGS_PATH}"),
            format!("GET {EVENTS_PATH}"),
            format!("POST {START_PATH}"),
            format!("POST {RESTART_PATH}"),
        ] {
            let headers = format!("Origin: http://{host}\r\nContent-Length: 0\r\n");
            let answer = client.request_of(host, &line, &headers, "");
            assert_eq!(answer.body, "UnknownHost - Json", "{host} {line}");
            assert!(!is_shared(&answer), "{host} {line}: {answer:?}");
        }
    }
    assert_eq!(*local.lock().unwrap(), [false; 20], "a page takes them for names of this machine");
    assert_eq!(*actions.lock().unwrap(), [""; 0]);
}

#[test]
fn a_page_knows_the_names_of_this_machine() {
    let pages = PlainPages::default();
    let local = Arc::clone(&pages.local);
    let proxy = proxy_with(Limits::default(), pages, &[]);
    let mut client = Client::connect(&proxy);
    let hosts = ["localhost", "LOCALHOST.:7080", "nobody.localhost", "127.0.0.1", "127.1.2.3:80", "[::1]"];
    for host in hosts {
        assert_eq!(client.request_of(host, "GET /", "", "").body, "UnknownHost - Json", "{host}");
    }
    assert_eq!(*local.lock().unwrap(), [true; 6]);
}
