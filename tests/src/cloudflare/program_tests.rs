use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::TestHome;

/// The status and the answer.
fn ask(control: &str, method: &str, path: &str, body: &Value) -> (String, Value) {
    let authority = control.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).unwrap();
    let body = body.to_string();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.set_read_timeout(Some(super::cloudflared::SOON)).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), serde_json::from_str(body).unwrap())
}

#[test]
fn the_program_says_where_it_is_is_broken_by_orders_and_leaves_nothing() {
    let home = TestHome::new();
    let mut child = home.command("fake-cloudflare").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let authority = told["authority"].as_str().unwrap();
    assert!(std::fs::read_to_string(authority).unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));

    let control = told["control"].as_str().unwrap();
    let order = |order: Value| ask(control, "POST", "/control", &order);
    let edge = told["edge"][0].as_str().unwrap();
    assert!(TcpStream::connect(edge).is_ok());
    assert_eq!(order(json!({"do": "lose"})).0, "200");
    crate::wait_until("the edge to refuse", super::cloudflared::SOON, || TcpStream::connect(edge).is_err());
    assert_eq!(order(json!({"do": "come_back"})).0, "200");
    crate::wait_until("the edge to be back", super::cloudflared::SOON, || TcpStream::connect(edge).is_ok());
    let record = json!({"do": "add_record", "type": "A", "name": "a.example.com", "content": "192.0.2.1"});
    let id = order(record).1["id"].clone();
    assert_eq!(ask(control, "GET", "/state", &json!(null)).1["records"][0]["id"], id);
    let wrong = json!({"error": "there is no tunnel x"});
    assert_eq!(order(json!({"do": "delete_tunnel", "tunnel": "x"})), ("400".to_owned(), wrong));

    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!std::path::Path::new(authority).exists());
}
