use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{Cloudflare, Fault, Reply};

const SOON: Duration = Duration::from_secs(10);
const CREATE: &str = "/accounts/*/cfd_tunnel";

/// The status line and the body; nothing where the connection ended without an answer.
fn create(cloudflare: &Cloudflare, name: &str) -> Option<(String, String)> {
    let mut stream = send(cloudflare, name);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.lines().next()?.to_owned(), body.to_owned()))
}

fn send(cloudflare: &Cloudflare, name: &str) -> TcpStream {
    let api = cloudflare.api();
    let authority = api.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let body = json!({"name": name}).to_string();
    let mut stream = TcpStream::connect(&authority).unwrap();
    write!(
        stream,
        "POST /client/v4/accounts/{}/cfd_tunnel HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        cloudflare.account(),
        cloudflare.token(),
        body.len()
    )
    .unwrap();
    stream
}

#[test]
fn a_call_is_cut_before_or_after_it_took_effect() {
    let cloudflare = Cloudflare::start();
    cloudflare.fault(Fault::on("POST", CREATE).cut());
    assert_eq!(create(&cloudflare, "before"), None);
    assert!(cloudflare.state().tunnel("before").is_none());
    cloudflare.fault(Fault::on("POST", CREATE).after().cut());
    assert_eq!(create(&cloudflare, "after"), None);
    assert!(cloudflare.state().tunnel("after").is_some());
    assert_eq!(create(&cloudflare, "third").unwrap().0, "HTTP/1.1 200 OK");
}

#[test]
fn an_answer_of_the_layer_before_tells_nothing_of_what_took_effect() {
    let cloudflare = Cloudflare::start();
    let page = Reply::html(502, "<html>Bad gateway</html>");
    cloudflare.fault(Fault::on("*", "/accounts/**").nth(2).after().answer(page));
    assert_eq!(create(&cloudflare, "first").unwrap().0, "HTTP/1.1 200 OK");
    let answer = ("HTTP/1.1 502 Bad Gateway".to_owned(), "<html>Bad gateway</html>".to_owned());
    assert_eq!(create(&cloudflare, "second"), Some(answer));
    assert!(cloudflare.state().tunnel("second").is_some());
}

#[test]
fn a_held_call_is_answered_when_it_is_released() {
    let cloudflare = Cloudflare::start();
    let held = cloudflare.fault(Fault::on("POST", CREATE).after().hold());
    thread::scope(|scope| {
        let answer = scope.spawn(|| create(&cloudflare, "x"));
        held.wait(SOON);
        assert_eq!(cloudflare.state().requests.all()[0].status, None);
        assert!(!answer.is_finished());
        held.release();
        assert_eq!(answer.join().unwrap().unwrap().0, "HTTP/1.1 200 OK");
    });
    assert!(cloudflare.state().tunnel("x").is_some());
}

#[test]
fn a_call_whose_caller_has_left_before_it_took_effect_never_takes_any() {
    let cloudflare = Cloudflare::start();
    let held = cloudflare.fault(Fault::on("POST", CREATE).hold());
    drop({
        let stream = send(&cloudflare, "x");
        held.wait(SOON);
        stream
    });
    // A call after it is served: the end of the first connection has been seen by then.
    assert!(create(&cloudflare, "y").is_some());
    held.release();
    assert!(create(&cloudflare, "z").is_some());
    assert!(cloudflare.state().tunnel("x").is_none());
}

#[test]
fn the_log_names_tokens_by_number_alone() {
    let cloudflare = Cloudflare::start();
    create(&cloudflare, "x").unwrap();
    let state = cloudflare.state();
    let logged = &state.requests.all()[0];
    assert_eq!(
        (logged.method.as_str(), logged.token.as_str(), logged.status),
        ("POST", "token 1", Some(200))
    );
    assert_eq!(logged.body, json!({"name": "x"}));
    assert!(!format!("{:?}", state.requests).contains(&state.tokens[0].value));
}

#[test]
fn a_dropped_cloudflare_is_gone() {
    let cloudflare = Cloudflare::start();
    let api = cloudflare.api();
    let authority = api.trim_start_matches("http://").split('/').next().unwrap();
    let held = cloudflare.fault(Fault::on("POST", CREATE).hold());
    let mut stream = send(&cloudflare, "x");
    held.wait(SOON);
    drop(cloudflare);
    assert!(TcpStream::connect(authority).is_err());
    assert!(stream.read_to_end(&mut Vec::new()).is_ok_and(|length| length == 0));
}
