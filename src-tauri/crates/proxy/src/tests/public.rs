use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::client::{Answer, Client};
use super::service::Service;
use super::setup::{HOST, PlainPages, listener, wait_until};
use crate::{
    Audience, EVENTS_PATH, Forwarding, HostPolicy, Hosts, LOGS_PATH, Listeners, Proxy, RESTART_PATH, Route,
    RouteTable, START_PATH, Target,
};

const PUBLISHED: &str = "shop.example.com";

/// A proxy with both listeners, of which one service is published and another isn't.
struct Outside {
    proxy: Proxy,
    socket: PathBuf,
    actions: Arc<Mutex<Vec<String>>>,
    published: Arc<Route>,
    _folder: tempfile::TempDir,
}

impl Outside {
    fn of(target: Target) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("public.sock");
        let public = Some(UnixListener::bind(&socket).unwrap());
        let pages = PlainPages::default();
        let actions = Arc::clone(&pages.actions);
        let proxy = Proxy::start(Listeners { local: listener(), public }, 2, Arc::new(pages)).unwrap();
        let published = Arc::new(Route::new("shop/web", target.clone()));
        let mut table = RouteTable::default();
        table.local.mount(HOST, "/", false, Arc::clone(&published));
        table.local.mount("db.shop.localhost", "/", false, Arc::new(Route::new("shop/db", target)));
        table.public.mount(PUBLISHED, "/", false, Arc::clone(&published));
        proxy.set_routes(table);
        Self { proxy, socket, actions, published, _folder: folder }
    }

    fn ask(&self, host: &str, line: &str, headers: &str) -> Answer {
        Client::connect_from_outside(&self.socket).request_of(host, line, headers, "")
    }
}

#[test]
fn nothing_local_is_there_for_whoever_comes_through_a_tunnel() {
    let service = Service::echo();
    let outside = Outside::of(Target::to(service.port));
    let hosts = [HOST, "db.shop.localhost", "localhost", "127.0.0.1", "shop.localhost", "nobody.example.com"];
    let lines = ["GET /".to_owned(), format!("GET {EVENTS_PATH}"), format!("GET {LOGS_PATH}")];
    for host in hosts {
        for line in
            lines.iter().cloned().chain([format!("POST {START_PATH}"), format!("POST {RESTART_PATH}")])
        {
            for headers in ["", "X-Forwarded-Host: web.shop.localhost\r\n", "Accept: text/html\r\n"] {
                let answer = outside.ask(host, &line, headers);
                assert_eq!(answer.status, 404, "{host} {line}: {}", answer.body);
                assert!(!answer.body.contains("shop") && !answer.body.contains("web"), "{}", answer.body);
            }
        }
    }
    for line in [format!("GET {LOGS_PATH}/x"), format!("POST {START_PATH}"), format!("POST {RESTART_PATH}/")]
    {
        let origin = format!("Origin: https://{PUBLISHED}\r\nContent-Length: 0\r\n");
        assert_eq!(outside.ask(PUBLISHED, &line, &origin).status, 404, "{line}");
    }
    assert_eq!(service.accepted(), 0, "the service was asked");
    assert_eq!(*outside.actions.lock().unwrap(), [""; 0]);
    // And what is published is not there for local visitors under its public name.
    let answer = Client::connect(&outside.proxy).request_of(PUBLISHED, "GET /", "", "");
    assert_eq!(answer.body, "UnknownHost - Json");
}

#[test]
fn a_published_service_is_asked_as_localhost_and_told_who_asks() {
    let service = Service::start(|visit| {
        while let Some(request) = visit.request() {
            let port = request.split("host: localhost:").nth(1).and_then(|rest| rest.split('\r').next());
            let location = format!("Location: http://localhost:{}/next\r\n", port.unwrap_or_default());
            let headers = location + "Set-Cookie: a=1; Domain=localhost\r\nSet-Cookie: b=2; Path=/\r\n";
            visit.answer("302 Found", &headers, &request);
        }
    });
    let outside = Outside::of(Target::to(service.port));
    let answer = outside.ask(
        PUBLISHED,
        "GET /",
        "Origin: https://shop.example.com\r\nReferer: https://shop.example.com/a?b\r\n\
         Cf-Connecting-Ip: 203.0.113.9\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\n",
    );
    let local = format!("localhost:{}", service.port);
    for line in [
        format!("host: {local}"),
        format!("origin: http://{local}"),
        format!("referer: http://{local}/a?b"),
        "x-forwarded-for: 203.0.113.9".to_owned(),
        "x-forwarded-proto: https".to_owned(),
        "x-forwarded-host: shop.example.com".to_owned(),
        "forwarded: for=203.0.113.9;host=\"shop.example.com\";proto=https".to_owned(),
    ] {
        assert!(answer.body.contains(&format!("\r\n{line}\r\n")), "{line} in {}", answer.body);
    }
    assert_eq!(answer.header("location"), Some("https://shop.example.com/next"));
    assert_eq!(answer.all("set-cookie"), ["a=1; Domain=shop.example.com", "b=2; Path=/"]);

    let unknown = outside.ask(PUBLISHED, "GET /", "X-Forwarded-For: 10.0.0.1\r\n").body;
    assert!(unknown.contains("for=unknown;") && !unknown.contains("x-forwarded-for"), "{unknown}");
}

#[test]
fn a_tunnel_s_word_is_not_taken_from_local_clients() {
    let service = Service::echo();
    let outside = Outside::of(Target::to(service.port));
    let claims = "Cf-Connecting-Ip: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n";
    let body = Client::connect(&outside.proxy).request("GET /", claims, "").body;
    assert!(body.contains("x-forwarded-for: 127.0.0.1\r\nforwarded: for=127.0.0.1;"), "{body}");
    assert!(
        body.contains(&format!("host: {HOST}\r\n")) && body.contains("x-forwarded-proto: http\r\n"),
        "{body}"
    );
}

#[test]
fn visitors_of_a_published_service_that_is_down_get_its_page() {
    let outside = Outside::of(Target::DOWN);
    assert_eq!(outside.ask(PUBLISHED, "GET /", "Accept: text/html\r\n").body, "NotServing shop/web Html");
    outside.published.lead_to(Target::to(Service::echo().port));
    assert_eq!(outside.ask(PUBLISHED, "GET /", "").status, 200);
}

#[test]
fn a_published_service_that_is_to_keep_its_host_keeps_it() {
    let service = Service::echo();
    let outside = Outside::of(Target::DOWN);
    let forwarding = Forwarding { host: HostPolicy::Keep, ..Forwarding::default() };
    let route = Route::with("shop/web".into(), Target::to(service.port), forwarding, Arc::default());
    let mut table = RouteTable::default();
    table.public.mount(PUBLISHED, "/", false, Arc::new(route));
    outside.proxy.set_routes(table);
    let body = outside.ask(PUBLISHED, "GET /", "Origin: https://shop.example.com\r\n").body;
    assert!(body.contains("\r\nhost: shop.example.com\r\n"), "{body}");
    assert!(body.contains("\r\norigin: https://shop.example.com\r\n"), "{body}");
}

#[test]
fn nothing_is_ever_published_under_a_name_of_this_machine_or_an_address() {
    let service = Service::echo();
    let outside = Outside::of(Target::to(service.port));
    let names = [
        "localhost",
        "LOCALHOST",
        "web.shop.localhost",
        "localhost.",
        "127.0.0.1",
        "10.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "[::1]",
        "[2001:db8::1]",
    ];
    let mut table = RouteTable::default();
    // Made by hand, it is the same.
    let mut by_hand = Hosts::default();
    for name in names {
        table.public.mount(name, "/", false, Arc::clone(&outside.published));
        by_hand.mount(name, "/", false, Arc::clone(&outside.published));
    }
    table.public.mount(PUBLISHED, "/", false, Arc::clone(&outside.published));
    by_hand.mount(PUBLISHED, "/", false, Arc::clone(&outside.published));
    assert_eq!((table.public.len(), by_hand.len()), (1, names.len()));
    for table in [table, RouteTable { public: by_hand, ..RouteTable::default() }] {
        outside.proxy.set_routes(table);
        for name in names {
            assert_eq!(outside.ask(name, "GET /", "").status, 404, "{name}");
        }
        assert_eq!(outside.ask(PUBLISHED, "GET /", "").status, 200);
    }
}

#[test]
fn visitors_of_a_published_service_may_listen_to_its_page_and_who_asks_for_another_is_noted() {
    let outside = Outside::of(Target::DOWN);
    let mut client = Client::connect_from_outside(&outside.socket);
    client.send(format!("GET {EVENTS_PATH} HTTP/1.1\r\nHost: {PUBLISHED}\r\n\r\n"));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"retry: 1000\n\n");
    assert_eq!(outside.ask("other.example.com", "GET /x", "").status, 404);
    let noted = || outside.proxy.journal().after(0, 10, |_| true).0;
    wait_until("it is noted", || noted().len() == 1);
    let record = &noted()[0];
    assert_eq!(
        (&*record.host, &*record.path, record.audience),
        ("other.example.com", "/x", Audience::Public)
    );
}

#[test]
fn a_tunnel_can_be_asked_whether_it_leads_to_this_very_proxy() {
    let service = Service::echo();
    let (outside, other) = (Outside::of(Target::to(service.port)), Outside::of(Target::DOWN));
    let here = outside.proxy.here();
    let asked = |outside: &Outside, line: String| outside.ask(PUBLISHED, &line, "");
    let answer = asked(&outside, format!("GET {}", here.path("/")));
    assert_eq!((answer.status, &*answer.body), (200, &*here.answer));
    assert_eq!(
        asked(&other, format!("GET {}", other.proxy.here().path("/"))).body,
        other.proxy.here().answer
    );
    // Whoever doesn't know its token asks the application, and another name leads nowhere.
    let answer = asked(&outside, format!("GET {}", other.proxy.here().path("/")));
    assert!(answer.body.contains("GET /.well-known/kinfra/here/"), "{}", answer.body);
    let answer = outside.ask("nobody.example.com", &format!("GET {}", here.path("/")), "");
    assert_eq!(answer.status, 404);
    assert_eq!(
        Client::connect(&outside.proxy).request_of(HOST, &format!("GET {}", here.path("/")), "", "").status,
        200
    );
}
