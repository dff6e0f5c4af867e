use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::toy::Toy;
use super::{FakeCloud, Fault, Lag, Rate, RetryAfter, Token};

const SOON: Duration = Duration::from_secs(10);

fn send(cloud: &FakeCloud<Toy>, token: &str, method: &str, target: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(cloud.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
}

/// Status line with headers, and body.
fn ask(cloud: &FakeCloud<Toy>, method: &str, target: &str, body: &str) -> std::io::Result<(String, String)> {
    let mut answer = String::new();
    send(cloud, &cloud.token(), method, target, body).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    Ok((head.to_owned(), body.to_owned()))
}

fn names(cloud: &FakeCloud<Toy>) -> Vec<String> {
    cloud.state().vendor.things.iter().map(|(name, ..)| name.clone()).collect()
}

#[test]
fn a_token_is_known_and_has_the_permission_or_is_refused_in_the_vendors_words() {
    let cloud = FakeCloud::<Toy>::start();
    let reader = cloud.add_token(Token::new("").may(&["read"]));
    let writer = cloud.add_token(Token::new("").may(&["write"]));
    let status = |token: &str| cloud.ask_as(token, "POST", "/things/a", &Value::Null).status;
    assert_eq!((status("x"), status(&reader), status(&writer), status(&cloud.token())), (401, 403, 201, 201));
    cloud.revoke(&writer);
    assert_eq!(status(&writer), 401);
    assert_eq!(cloud.ask_as(&reader, "GET", "/things", &Value::Null).status, 200);
    assert_eq!(cloud.ask_as("x", "GET", "/things", &Value::Null).value()["error"], "toy says 401");
}

#[test]
fn over_the_limit_it_is_told_when_to_come_again() {
    let cloud = FakeCloud::<Toy>::start();
    cloud.state().clock.stop();
    cloud.state().rate = Rate::new(1, Duration::from_secs(60), RetryAfter::Seconds);
    assert!(ask(&cloud, "GET", "/v1/things", "").unwrap().0.starts_with("HTTP/1.1 200"));
    let (head, _) = ask(&cloud, "GET", "/v1/things", "").unwrap();
    assert!(head.starts_with("HTTP/1.1 429") && head.contains("\r\nretry-after: 60\r\n"), "{head}");
    cloud.advance(Duration::from_secs(60));
    assert!(ask(&cloud, "GET", "/v1/things", "").unwrap().0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_call_fails_before_or_after_it_took_effect() {
    let cloud = FakeCloud::<Toy>::start();
    let create = |name: &str| ask(&cloud, "POST", &format!("/v1/things/{name}"), "");
    let status = |name: &str| create(name).unwrap().0.lines().next().unwrap().to_owned();
    cloud.fault(Fault::on("POST", "/things/*").status(423).message("locked"));
    assert_eq!(create("a").unwrap().1.split('"').nth(7), Some("locked"));
    cloud.fault(Fault::on("POST", "/things/*").after().status(500));
    assert_eq!(status("b"), "HTTP/1.1 500 Internal Server Error");
    cloud.fault(Fault::on("POST", "/things/*").reset());
    assert_eq!(create("c").unwrap_err().kind(), ErrorKind::ConnectionReset);
    cloud.fault(Fault::on("POST", "/things/*").after().reset());
    assert_eq!(create("d").unwrap_err().kind(), ErrorKind::ConnectionReset);
    cloud.fault(Fault::on("POST", "/things/*").cut());
    assert_eq!(create("e").unwrap_err().kind(), ErrorKind::UnexpectedEof);
    cloud.fault(Fault::on("POST", "/things/*").broken_json());
    assert!(serde_json::from_str::<Value>(&create("f").unwrap().1).is_err());
    cloud.fault(Fault::on("POST", "/things/*").nth(2).status(409));
    assert_eq!(
        (status("g"), status("h")),
        ("HTTP/1.1 201 Created".to_owned(), "HTTP/1.1 409 Conflict".to_owned())
    );
    assert_eq!(names(&cloud), ["b", "d", "f", "g"]);
}

#[test]
fn a_silent_call_is_never_answered_unless_a_test_lets_it() {
    let cloud = FakeCloud::<Toy>::start();
    let met = cloud.fault(Fault::on("POST", "/things/*").after().silent());
    thread::scope(|scope| {
        let answer = scope.spawn(|| ask(&cloud, "POST", "/v1/things/a", ""));
        met.wait(SOON);
        crate::wait_until("it to take effect", SOON, || names(&cloud) == ["a"]);
        assert!(!answer.is_finished() && cloud.state().requests.all()[0].status.is_none());
        met.release();
        assert!(answer.join().unwrap().unwrap().0.starts_with("HTTP/1.1 201"));
    });
}

#[test]
fn what_takes_time_takes_it_by_the_clock_of_the_cloud() {
    let cloud = FakeCloud::<Toy>::start();
    cloud.state().clock.stop();
    assert_eq!(cloud.ask("POST", "/things/a", &Value::Null).status, 201);
    let ready = || cloud.ask("GET", "/things", &Value::Null).value()[0]["ready"].clone();
    assert_eq!(ready(), false);
    cloud.advance(Duration::from_secs(1));
    assert_eq!(ready(), true);
}

#[test]
fn reads_lag_behind_a_write_for_so_many_of_them_or_for_so_long() {
    let cloud = FakeCloud::<Toy>::start();
    cloud.state().clock.stop();
    let seen = || cloud.ask("GET", "/things", &Value::Null).value().as_array().unwrap().len();
    let create = |name: &str| drop(cloud.ask("POST", &format!("/things/{name}"), &Value::Null));
    cloud.lag(Lag::on("/things").reads(2));
    create("a");
    assert_eq!([seen(), seen(), seen(), seen()], [0, 0, 1, 1]);
    cloud.catch_up();
    cloud.lag(Lag::on("/things").lasting(Duration::from_secs(3)));
    create("b");
    assert_eq!([seen(), seen(), seen()], [1, 1, 1]);
    cloud.advance(Duration::from_secs(3));
    assert_eq!(seen(), 2);
}

#[test]
fn a_refused_write_changes_nothing_and_another_comes_between_where_a_test_wants_it() {
    let cloud = FakeCloud::<Toy>::start();
    assert_eq!(cloud.ask("POST", "/things/bad", &Value::Null).status, 400);
    assert!(names(&cloud).is_empty());
    cloud.after_next("POST", "/things/*", |world| world.vendor.things.clear());
    assert_eq!(cloud.ask("POST", "/things/a", &Value::Null).status, 201);
    assert!(names(&cloud).is_empty());
}

#[test]
fn the_record_tells_who_asked_what_and_what_became_of_it_but_no_token() {
    let cloud = FakeCloud::<Toy>::start();
    ask(&cloud, "POST", "/v1/things/a?x=1&y=a%20b", r#"{"z": 2}"#).unwrap();
    let state = cloud.state();
    let request = &state.requests.all()[0];
    assert_eq!(
        (request.token.as_str(), request.path.as_str(), request.status),
        ("token 1", "/things/a", Some(201))
    );
    assert_eq!(request.query[1], ("y".to_owned(), "a b".to_owned()));
    assert_eq!((&request.body, &request.answer), (&json!({"z": 2}), &json!({"name": "a"})));
    assert!(!format!("{:?}", state.requests).contains(&state.tokens[0].value));
}

#[test]
fn all_of_it_is_done_by_http_too() {
    let cloud = FakeCloud::<Toy>::start();
    let order = |path: &str, order: Value| ask(&cloud, "POST", path, &order.to_string()).unwrap();
    order(
        "/-/fault",
        json!({"method": "POST", "path": "/things/*", "do": "status", "status": 503, "after": true}),
    );
    assert!(ask(&cloud, "POST", "/v1/things/a", "").unwrap().0.starts_with("HTTP/1.1 503"));
    let token: Value = serde_json::from_str(&order("/-/token", json!({"permissions": ["read"]})).1).unwrap();
    assert_eq!(cloud.ask_as(token["token"].as_str().unwrap(), "POST", "/things/a", &Value::Null).status, 403);
    ask(&cloud, "DELETE", "/-/requests", "").unwrap();
    ask(&cloud, "GET", "/v1/things", "").unwrap();
    order("/-/clock", json!({"advance_ms": 1000}));
    let state: Value = serde_json::from_str(&ask(&cloud, "GET", "/-/state", "").unwrap().1).unwrap();
    assert_eq!(state["cloud"], json!([{"name": "a", "ready": true}]));
    assert_eq!(state["requests"], json!(["GET /things"]));
    order("/-/control", json!({"do": "clear"}));
    assert!(names(&cloud).is_empty());
    let (head, body) = order("/-/control", json!({"do": "x"}));
    assert!(head.starts_with("HTTP/1.1 400") && body.contains("there is clear"), "{body}");
}
