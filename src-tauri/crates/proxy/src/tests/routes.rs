use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use super::client::Client;
use super::service::Service;
use super::setup::{HOST, PATIENCE, PlainPages, listener, proxy_to, table, wait_until};
use crate::{Proxy, Target};

#[test]
fn two_hundred_route_changes_under_load_fail_no_request() {
    let named = |name: &'static str| {
        Service::start(move |visit| {
            while visit.request().is_some() {
                visit.answer("200 OK", "", name);
            }
        })
    };
    let services = [named("left"), named("right")];
    let target = |number: usize| Target::to(services[number % 2].port);
    let proxy = Proxy::start(listener(), 2, Arc::new(PlainPages::default())).unwrap();
    let mut present = table(&[(HOST, target(0))]);
    proxy.set_routes(present.clone());

    let answered = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut client = Client::connect(&proxy);
            let (answered, is_over) = (&answered, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let answer = client.get("/");
                    let side = match answer.body.as_str() {
                        "left" => 0,
                        "right" => 1,
                        _ => panic!("a request failed: {answer:?}"),
                    };
                    answered[side].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 1..=200 {
            // Now a new table, now the same one with a route that leads elsewhere.
            if number % 3 == 0 {
                present = table(&[(HOST, target(number))]);
                proxy.set_routes(present.clone());
            } else {
                present.local.find(HOST, "/").unwrap().route().lead_to(target(number));
            }
            // Each is in force until it has answered: the changes are all under load.
            let before = answered[number % 2].load(Ordering::Relaxed);
            wait_until("a request on the new route", || {
                answered[number % 2].load(Ordering::Relaxed) > before
            });
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_is_being_answered_when_the_proxy_ends_is_answered_to_the_end() {
    let (tell, told) = mpsc::channel::<SocketAddr>();
    let told = Mutex::new(told);
    let service = Service::start(move |visit| {
        visit.request();
        visit.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        let proxy = told.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        wait_until("the proxy no longer listens", || TcpStream::connect(proxy).is_err());
        visit.write("other");
    });
    let proxy = proxy_to(service.port);
    let mut client = Client::connect(&proxy);
    client.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    assert_eq!(client.head().status, 200);
    tell.send(proxy.local_addr()).unwrap();
    proxy.shutdown(PATIENCE);
    let mut body = String::new();
    client.reader.read_to_string(&mut body).unwrap();
    assert_eq!(body, "firstother");
}
