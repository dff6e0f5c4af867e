use std::sync::{Arc, Mutex};

use super::client::{Answer, Client};
use super::service::Service;
use super::setup::{HOST, PlainPages, proxy_with};
use crate::{LOGS_PATH, Limits, Proxy, RESTART_PATH, START_PATH, Target};

/// A service that is down, and what its page is given.
struct Stage {
    proxy: Proxy,
    actions: Arc<Mutex<Vec<String>>>,
    token: String,
}

impl Stage {
    fn new() -> Self {
        let pages = PlainPages::default();
        let (actions, tokens) = (Arc::clone(&pages.actions), Arc::clone(&pages.tokens));
        let other = ("db.shop.localhost", Target::DOWN);
        let proxy = proxy_with(Limits::default(), pages, &[(HOST, Target::DOWN), other]);
        Client::connect(&proxy).get("/cart");
        let token = tokens.lock().unwrap().pop().unwrap();
        Self { proxy, actions, token }
    }

    fn press(&self, host: &str, path: &str, headers: &str, form: &str) -> Answer {
        let headers = format!(
            "{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            form.len()
        );
        Client::connect(&self.proxy).request_of(host, &format!("POST {path}"), &headers, form)
    }

    fn done(&self) -> Vec<String> {
        std::mem::take(&mut self.actions.lock().unwrap())
    }
}

#[test]
fn a_button_of_the_page_itself_is_obeyed_and_leads_back_to_the_page() {
    let stage = Stage::new();
    let form = format!("token={}", stage.token);
    let own = format!("Origin: http://{HOST}\r\nSec-Fetch-Site: same-origin\r\n");
    let answer = stage.press(HOST, &format!("{RESTART_PATH}/cart"), &own, &form);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/cart")), "{answer:?}");
    let answer = stage.press(HOST, START_PATH, &own, &form);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert_eq!(stage.done(), [format!("Restart id-of-{HOST}"), format!("Start id-of-{HOST}")]);
    let answer = stage.press(HOST, &format!("{START_PATH}//evil.example.com"), &own, &form);
    assert_eq!(answer.header("location"), Some("/evil.example.com"));
}

#[test]
fn what_another_site_or_application_sends_is_refused() {
    let stage = Stage::new();
    let form = format!("token={}", stage.token);
    for headers in [
        "",
        "Origin: null\r\n",
        "Origin: https://evil.example.com\r\n",
        "Origin: http://db.shop.localhost\r\n",
        "Origin: http://web.shop.localhost:81\r\n",
        "Origin: https://web.shop.localhost\r\n",
        "Origin: http://web.shop.localhost.evil.example.com\r\n",
        "Origin: http://web.shop.localhost\r\nOrigin: http://web.shop.localhost\r\n",
        "Origin: http://web.shop.localhost\r\nSec-Fetch-Site: cross-site\r\n",
        "Origin: http://web.shop.localhost\r\nSec-Fetch-Site: same-site\r\n",
        "Referer: http://web.shop.localhost/\r\n",
    ] {
        assert_eq!(stage.press(HOST, RESTART_PATH, headers, &form).status, 403, "{headers}");
    }
    let own = "Origin: http://web.shop.localhost\r\n";
    let other_token = "token=0123456789abcdef0123456789abcdef";
    let long = format!("pad={}&{form}", "x".repeat(2000));
    for form in
        ["", "token=", other_token, &form[..20], &format!("{form}0"), &format!("{form}&token=1"), &long]
    {
        let is_first = form.starts_with(&format!("token={}&", stage.token));
        assert_eq!(
            stage.press(HOST, RESTART_PATH, own, form).status,
            if is_first { 303 } else { 403 },
            "{form}"
        );
    }
    stage.done();
    // A token is of one service: another one's page tells it nothing.
    let other = "Origin: http://db.shop.localhost\r\n";
    assert_eq!(stage.press("db.shop.localhost", RESTART_PATH, other, &form).status, 403);
    // A name that somebody has lead to this machine is no host of ours.
    let rebound = "Origin: http://evil.example.com\r\n";
    let answer = stage.press("evil.example.com", RESTART_PATH, rebound, &form);
    assert_eq!(answer.body, "UnknownHost - Json");
    assert_eq!(stage.done(), [""; 0]);
}

#[test]
fn logs_are_there_to_read_and_all_else_of_these_paths_is_the_application_s() {
    let service = Service::echo();
    let proxy = proxy_with(Limits::default(), PlainPages::default(), &[(HOST, Target::to(service.port))]);
    let mut client = Client::connect(&proxy);
    assert_eq!(client.get(LOGS_PATH).body, format!("logs of id-of-{HOST}"));
    assert_eq!(client.get(LOGS_PATH).header("cache-control"), Some("no-store"));
    for line in [
        format!("POST {LOGS_PATH}"),
        format!("GET {START_PATH}"),
        format!("GET {RESTART_PATH}/x"),
        format!("POST {START_PATH}ed"),
        "GET /.well-known/kinfra/".to_owned(),
    ] {
        let answer = client.request(&line, "Content-Length: 0\r\n", "");
        assert!(answer.body.starts_with(&line), "{line}: {}", answer.body);
    }
}
