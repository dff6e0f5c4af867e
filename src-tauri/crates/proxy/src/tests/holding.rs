use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PlainPages, closed_port, listener, wait_until};
use crate::{Forwarding, HostPolicy, Hosts, Limits, Proxy, Route, RouteTable, Target};

/// No test waits for so long: who is held and not sent on is noticed.
const LONG: Duration = Duration::from_secs(600);

fn holding(hold: Duration, limits: Limits, target: Target) -> (Proxy, Arc<Route>) {
    let forwarding = Forwarding { hold, ..Forwarding::default() };
    let route = Arc::new(Route::with("shop/web".into(), target, forwarding, Arc::default()));
    let mut local = Hosts::default();
    local.mount(HOST, "/", false, Arc::clone(&route));
    let proxy = Proxy::start_with(listener(), 1, Arc::new(PlainPages::default()), limits).unwrap();
    proxy.set_routes(RouteTable { local, public: Hosts::default() });
    (proxy, route)
}

fn send_hook(proxy: &Proxy) -> Client {
    let mut client = Client::connect(proxy);
    client.send(format!("POST /hook HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n\r\nabc"));
    client
}

fn are_held(route: &Route, count: usize) {
    wait_until("the requests are held", || route.held.load(Ordering::Relaxed) == count);
}

#[test]
fn a_webhook_that_comes_while_the_service_starts_is_delivered_once_when_it_is_ready() {
    let service = Service::echo();
    let (proxy, route) = holding(LONG, Limits::default(), Target::COMING);
    let mut clients: Vec<Client> = (0..5).map(|_| send_hook(&proxy)).collect();
    are_held(&route, 5);
    // People are shown what happens.
    let page = Client::connect(&proxy).request("GET /", "Accept: text/html\r\n", "");
    assert_eq!(page.body, "NotServing shop/web Html");
    route.lead_to(Target::to(service.port));
    for client in &mut clients {
        let answer = client.answer();
        assert!(answer.body.starts_with("POST /hook HTTP/1.1") && answer.body.ends_with("abc"), "{answer:?}");
    }
    are_held(&route, 0);
}

#[test]
fn a_webhook_that_comes_between_the_end_of_a_service_and_its_successor_is_delivered() {
    let service = Service::echo();
    // The table does not know yet that nobody listens there any more.
    let (proxy, route) = holding(LONG, Limits::default(), Target::to(closed_port()));
    let mut client = send_hook(&proxy);
    are_held(&route, 1);
    route.lead_to(Target::COMING);
    route.lead_to(Target::to(service.port));
    assert!(client.answer().body.ends_with("abc"));
}

#[test]
fn who_waits_too_long_and_who_comes_when_too_many_wait_gets_the_page() {
    let (proxy, route) = holding(Duration::from_millis(50), Limits::default(), Target::COMING);
    assert_eq!(send_hook(&proxy).answer().body, "NotServing shop/web Json");
    are_held(&route, 0);

    let (proxy, route) = holding(LONG, Limits { held: 2, ..Limits::default() }, Target::COMING);
    let waiting = [send_hook(&proxy), send_hook(&proxy)];
    are_held(&route, 2);
    assert_eq!(send_hook(&proxy).answer().body, "NotServing shop/web Json");
    // It gave up: nobody is to have it delivered.
    drop(waiting);
    are_held(&route, 0);
}

#[test]
fn nobody_waits_for_a_service_that_is_not_on_its_way() {
    let (proxy, route) = holding(LONG, Limits::default(), Target::DOWN);
    assert_eq!(send_hook(&proxy).answer().body, "NotServing shop/web Json");
    route.lead_to(Target::COMING);
    let mut client = send_hook(&proxy);
    are_held(&route, 1);
    route.lead_to(Target::DOWN);
    assert_eq!(client.answer().body, "NotServing shop/web Json");
}

#[test]
fn there_is_a_bound_over_all_services() {
    let limits = Limits { held_in_all: 2, ..Limits::default() };
    let (proxy, route) = holding(LONG, limits, Target::COMING);
    let other = Route::with("shop/api".into(), Target::COMING, route.forwarding.clone(), Arc::default());
    let other = Arc::new(other);
    let mut local = Hosts::default();
    local.mount(HOST, "/", false, Arc::clone(&route));
    local.mount("api", "/", false, Arc::clone(&other));
    proxy.set_routes(RouteTable { local, ..RouteTable::default() });
    let waiting = [send_hook(&proxy), send_hook(&proxy)];
    are_held(&route, 2);
    let answer = Client::connect(&proxy).request_of("api", "POST /", "Content-Length: 0\r\n", "");
    assert_eq!(answer.body, "NotServing shop/api Json");
    are_held(&other, 0);
    drop(waiting);
    are_held(&route, 0);
    let mut client = Client::connect(&proxy);
    client.send("POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 0\r\n\r\n");
    are_held(&other, 1);
}

/// A route of the same service, whose requests are handed on in another way, in the place of the present one.
fn replaced(proxy: &Proxy, forwarding: Forwarding, target: Target) -> Arc<Route> {
    let route = Arc::new(Route::with("shop/web".into(), target, forwarding, Arc::default()));
    let mut local = Hosts::default();
    local.mount(HOST, "/", false, Arc::clone(&route));
    proxy.set_routes(RouteTable { local, ..RouteTable::default() });
    route
}

#[test]
fn who_waits_when_its_route_is_replaced_waits_for_the_new_one_and_is_handed_on_in_its_way() {
    let service = Service::echo();
    // Now for one that is coming, now for one that is gone already.
    for target in [Target::COMING, Target::to(closed_port())] {
        let is_coming = target == Target::COMING;
        let (proxy, before) = holding(LONG, Limits::default(), target);
        let mut client = send_hook(&proxy);
        are_held(&before, 1);
        let forwarding = Forwarding { host: HostPolicy::Rewrite, ..before.forwarding.clone() };
        let route = replaced(&proxy, forwarding, Target::COMING);
        are_held(&route, 1);
        are_held(&before, 0);
        route.lead_to(Target::to(service.port));
        let body = client.answer().body;
        assert!(body.ends_with("abc"), "{body}");
        assert_eq!(body.contains("\r\nhost: localhost:"), is_coming, "what was made ready stays so: {body}");
        are_held(&route, 0);
    }
}

#[test]
fn who_waits_when_its_route_is_gone_or_holds_no_more_gets_the_page() {
    let (proxy, before) = holding(LONG, Limits::default(), Target::COMING);
    let mut client = send_hook(&proxy);
    are_held(&before, 1);
    proxy.set_routes(RouteTable::default());
    assert_eq!(client.answer().body, "NotServing shop/web Json");

    let (proxy, before) = holding(LONG, Limits::default(), Target::COMING);
    let mut client = send_hook(&proxy);
    are_held(&before, 1);
    replaced(&proxy, Forwarding::default(), Target::COMING);
    assert_eq!(client.answer().body, "NotServing shop/web Json");
}
