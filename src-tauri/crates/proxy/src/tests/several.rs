//! A route that leads to several places.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PlainPages, closed_port, listener, proxy_with};
use crate::{Forwarding, HostPolicy, Hosts, Limits, Proxy, Route, RouteTable, Target};

fn to(ports: &[u16]) -> Target {
    Target::Forward(ports.into())
}

/// A service whose every connection ends with the first request, unanswered; and how many requests it saw.
fn cut_off() -> (Service, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let service = Service::start(move |visit| {
        if visit.request().is_some() {
            count.fetch_add(1, Ordering::SeqCst);
        }
        visit.close();
    });
    (service, seen)
}

#[test]
fn what_some_places_refuse_another_one_takes() {
    let (first, second) = (Service::echo(), Service::echo());
    let ports = [closed_port(), first.port, closed_port(), closed_port(), second.port];
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, to(&ports))]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(&proxy);
                for _ in 0..25 {
                    assert_eq!(client.get("/").status, 200);
                    let answer = client.request("POST /", "Content-Length: 3\r\n", "abc");
                    assert!(answer.body.ends_with("abc"), "{answer:?}");
                }
            });
        }
    });
    assert!(first.accepted() > 0 && second.accepted() > 0);
}

#[test]
fn a_get_that_one_place_cuts_off_goes_to_another_one_and_a_post_does_not() {
    let (cut, seen) = cut_off();
    let service = Service::echo();
    let ports = [cut.port, service.port];
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, to(&ports))]);
    let mut client = Client::connect(&proxy);
    for _ in 0..10 {
        assert_eq!(client.get("/").status, 200);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 5, "in turn, and none of them a second time");
    let posts = (0..10).map(|_| client.request("POST /", "Content-Length: 3\r\n", "abc").status);
    let cut_off = posts.filter(|status| *status == 503).count();
    assert_eq!((cut_off, seen.load(Ordering::SeqCst)), (5, 10));
}

#[test]
fn a_get_that_every_place_cuts_off_is_given_up_after_each_saw_it_once() {
    let [(first, of_first), (second, of_second)] = [cut_off(), cut_off()];
    let ports = [first.port, second.port];
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, to(&ports))]);
    let answer = Client::connect(&proxy).get("/");
    assert!(answer.status == 503 && answer.body.starts_with("Reset "), "{answer:?}");
    assert_eq!([of_first, of_second].map(|seen| seen.load(Ordering::SeqCst)), [1, 1]);
}

#[test]
fn of_two_places_that_go_in_turn_the_one_that_came_back_takes_what_the_other_cuts_off() {
    let second = Service::echo();
    let route = Arc::new(Route::new("shop/web", to(&[closed_port(), second.port])));
    let (moving, back) = (Arc::clone(&route), second.port);
    let first = Service::start(move |visit| {
        if visit.request().is_some() {
            moving.lead_to(to(&[back]));
        }
        visit.close();
    });
    // While a request is sent, there is no other place.
    route.lead_to(to(&[first.port]));
    let mut local = Hosts::default();
    local.mount(HOST, "/", false, route);
    let proxy = Proxy::start_with(listener(), 1, Arc::new(PlainPages::default()), Limits::default()).unwrap();
    proxy.set_routes(RouteTable { local, public: Hosts::default() });
    let answer = Client::connect(&proxy).get("/");
    assert_eq!((answer.status, first.accepted(), second.accepted()), (200, 1, 1), "{answer:?}");
}

#[test]
fn who_is_asked_in_the_place_of_another_finds_its_own_port_in_the_host() {
    let service = Service::echo();
    let forwarding = Forwarding { host: HostPolicy::Rewrite, ..Forwarding::default() };
    let target = to(&[closed_port(), service.port]);
    let route = Arc::new(Route::with("shop/web".into(), target, forwarding, Arc::default()));
    let mut local = Hosts::default();
    local.mount(HOST, "/", false, route);
    let proxy = Proxy::start_with(listener(), 1, Arc::new(PlainPages::default()), Limits::default()).unwrap();
    proxy.set_routes(RouteTable { local, public: Hosts::default() });
    let mut client = Client::connect(&proxy);
    for _ in 0..4 {
        let answer = client.request("GET /", &format!("Origin: http://{HOST}\r\n"), "").body;
        let own = format!("localhost:{}\r\n", service.port);
        assert!(answer.contains(&format!("host: {own}")), "{answer}");
        assert!(answer.contains(&format!("origin: http://{own}")), "{answer}");
    }
}

#[test]
fn what_is_worked_on_has_a_page_of_its_own() {
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::Maintenance)]);
    let answer = Client::connect(&proxy).get("/");
    assert!(answer.body.starts_with("Maintenance "), "{answer:?}");
}
