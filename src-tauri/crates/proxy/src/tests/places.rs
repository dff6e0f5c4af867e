use std::sync::Arc;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PlainPages, closed_port, listener, proxy_with};
use crate::{Hosts, Limits, Proxy, Route, RouteTable, Target};

fn of_name(name: &'static str) -> Service {
    Service::start(move |visit| {
        while let Some(request) = visit.request() {
            visit.answer("200 OK", "", &format!("{name}: {request}"));
        }
    })
}

#[test]
fn a_path_goes_to_the_longest_prefix_and_what_is_below_none_has_a_page() {
    let (api, old) = (of_name("api"), of_name("old"));
    let proxy = proxy_with(
        Limits::default(),
        PlainPages::default(),
        &[("shop/api", Target::to(api.port)), ("shop/api/v1", Target::to(old.port))],
    );
    let mut client = Client::connect(&proxy);
    let mut body = |path: &str| client.request_of("shop", &format!("GET {path}"), "", "").body;
    assert!(body("/api/v2?x=/api/v1").starts_with("api: GET /api/v2?x=/api/v1 HTTP"));
    assert!(body("/api/v1/x").starts_with("old: GET /api/v1/x HTTP"));
    assert!(body("/api").starts_with("api: GET /api HTTP"));
    assert_eq!(body("/apiary"), "UnknownPath - Json");
    assert_eq!(body("/"), "UnknownPath - Json");
}

#[test]
fn a_prefix_is_taken_off_where_the_service_is_not_to_see_it() {
    let service = Service::echo();
    let mut local = Hosts::default();
    local.mount("shop", "/api", true, Arc::new(Route::new("shop/api", Target::to(service.port))));
    let proxy = Proxy::start(listener(), 1, Arc::new(PlainPages::default())).unwrap();
    proxy.set_routes(RouteTable { local, public: Hosts::default() });
    let mut client = Client::connect(&proxy);
    for (asked, seen) in [
        ("/api/users?id=%2F1", "/users?id=%2F1"),
        ("/api", "/"),
        ("/api?x", "/?x"),
        ("/api/", "/"),
        ("/api//x", "//x"),
    ] {
        let body =
            client.request_of("shop", &format!("GET {asked}"), "X-Forwarded-Prefix: /lie\r\n", "").body;
        assert!(body.starts_with(&format!("GET {seen} HTTP/1.1\r\n")), "{asked}: {body}");
        assert!(body.contains("x-forwarded-prefix: /api\r\n"), "{body}");
    }
}

#[test]
fn one_of_several_places_that_is_gone_costs_no_request() {
    let (left, right) = (of_name("left"), of_name("right"));
    let ports = [left.port, closed_port(), right.port];
    let proxy =
        proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::Forward(ports.into()))]);
    let mut client = Client::connect(&proxy);
    let mut counts = [0, 0];
    for _ in 0..12 {
        let answer = client.request("POST /", "Content-Length: 3\r\n", "abc");
        assert_eq!(answer.status, 200, "{}", answer.body);
        counts[usize::from(answer.body.starts_with("right"))] += 1;
    }
    // Whose place is gone is asked for by the next one.
    assert!(counts.iter().all(|count| *count >= 3), "{counts:?}");
}
