//! A server that knows nothing but a vendor's description of its API, and refuses what goes against that. What an adapter
//! has asked of a stand-in is asked of it again: a second opinion on whether the vendor would take it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread::spawn;
use std::time::Duration;

use serde_json::Value;

use super::document::{path, skip_without};
use crate::clouds::shared::Request;
use crate::tools::{Tool, clouds, fixtures, have};

const SOON: Duration = Duration::from_secs(60);

/// One for each vendor, for as long as this process lives: each takes seconds to start. They end with their input,
/// however the process does.
static MOCKS: Mutex<Option<HashMap<String, (Child, String)>>> = Mutex::new(None);

/// Its URL, for paths behind the vendor's base. None, and said loudly, where the description or the server is missing.
pub(crate) fn validating_mock(test: &str, vendor: &str) -> Option<String> {
    let path = path(vendor);
    if !have(test, &[Tool::Node, Tool::CloudPackages]) {
        return None;
    }
    if !path.exists() {
        skip_without(test, &path);
        return None;
    }
    let mut mocks = MOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    let mocks = mocks.get_or_insert_default();
    let (_, url) = mocks.entry(vendor.to_owned()).or_insert_with(|| start(&path.to_string_lossy()));
    Some(url.clone())
}

fn start(document: &str) -> (Child, String) {
    // Nobody tells it a port of its own: this one was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Command::new("node")
        .arg(fixtures().join("clouds/mock.cjs"))
        .args([document, &port.to_string()])
        .env("NODE_PATH", clouds().join("node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (up, is_up) = channel();
    spawn(move || {
        // Whoever asked may have given up.
        let _ = up.send(lines.any(|line| line.contains("Prism is listening")));
        // It tells of each request, and must not wait until somebody reads that.
        lines.for_each(drop);
    });
    let is_up = is_up.recv_timeout(SOON);
    assert_eq!(is_up, Ok(true), "the mock server of {document} ended, or took too long, before it listened");
    (child, format!("http://127.0.0.1:{port}"))
}

/// What it refuses of these requests, each as `METHOD PATH: STATUS ANSWER`.
pub(crate) fn replay(url: &str, requests: &[Request]) -> Vec<String> {
    let refused = |request: &Request| {
        let (status, answer) = send(url, request);
        let line = format!("{} {}: {status} {answer}", request.method, request.path);
        (400..500).contains(&status).then_some(line)
    };
    requests.iter().filter_map(refused).collect()
}

fn send(url: &str, request: &Request) -> (u16, String) {
    let authority = url.trim_start_matches("http://");
    let query: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let body = if request.body.is_null() { String::new() } else { request.body.to_string() };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(
        stream,
        "{} {}{query} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer x\r\n{kind}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        request.method,
        request.path,
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[test]
fn a_mock_server_takes_what_a_document_describes_and_refuses_the_rest() {
    let test = "a_mock_server_takes_what_a_document_describes_and_refuses_the_rest";
    let good = |method: &str, path: &str, query: &[(&str, &str)], body: Value| Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body,
        headers: Vec::new(),
        token: String::new(),
        at: std::time::SystemTime::now(),
        status: None,
        answer: Value::Null,
        is_faulty: false,
    };
    let Some(url) = validating_mock(test, "neon") else { return };
    let restore = "/projects/a-b-1/branches/br-a-1/restore";
    let requests = [
        good("POST", restore, &[], serde_json::json!({"source_branch_id": "br-b-2"})),
        good("POST", restore, &[], serde_json::json!({"source": "br-b-2"})),
        good("GET", "/projects", &[("limit", "400")], Value::Null),
        good("GET", "/projects", &[("limit", "401")], Value::Null),
        good("GET", "/nothing", &[], Value::Null),
    ];
    let refused = replay(&url, &requests);
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].starts_with(&format!("POST {restore}: 422 ")), "{refused:?}");
    let Some(url) = validating_mock(test, "supabase") else { return };
    let health = "/v1/projects/abcdefghijklmnopqrst/health";
    let requests = [
        good("GET", health, &[("services", "db"), ("services", "rest")], Value::Null),
        good("GET", health, &[("services", "databases")], Value::Null),
        good("GET", health, &[], Value::Null),
    ];
    assert_eq!(replay(&url, &requests).len(), 2);
}
