use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, closed_port, listener, wait_until};
use crate::{Forwarding, Hosts, Limits, Proxy, Route, RouteTable, Target};

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
    let (proxy, route) = holding(PATIENCE, Limits::default(), Target::COMING);
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
    let (proxy, route) = holding(PATIENCE, Limits::default(), Target::to(closed_port()));
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

    let (proxy, route) = holding(PATIENCE, Limits { held: 2, ..Limits::default() }, Target::COMING);
    let waiting = [send_hook(&proxy), send_hook(&proxy)];
    are_held(&route, 2);
    assert_eq!(send_hook(&proxy).answer().body, "NotServing shop/web Json");
    // It gave up: nobody is to have it delivered.
    drop(waiting);
    are_held(&route, 0);
}

#[test]
fn nobody_waits_for_a_service_that_is_not_on_its_way() {
    let (proxy, route) = holding(PATIENCE, Limits::default(), Target::DOWN);
    assert_eq!(send_hook(&proxy).answer().body, "NotServing shop/web Json");
    route.lead_to(Target::COMING);
    let mut client = send_hook(&proxy);
    are_held(&route, 1);
    route.lead_to(Target::DOWN);
    assert_eq!(client.answer().body, "NotServing shop/web Json");
}
