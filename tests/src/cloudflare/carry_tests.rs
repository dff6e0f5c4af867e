use std::io::{Read, Write};

use serde_json::json;

use super::Visitor;
use super::cloudflared::SOON;
use super::stage::{HOST, Stage};
use crate::wait_until;

#[test]
fn a_request_travels_to_the_service_and_back() {
    let stage = Stage::new();
    let _cloudflared = stage.ready(&[]);
    let answer = stage.cloudflare.visit(HOST, "/path?query=1").unwrap();
    assert_eq!((answer.status, answer.header("server")), (200, Some("cloudflare")));
    let told = answer.body.to_lowercase();
    assert!(told.starts_with("get /path?query=1 http/1.1\r\n"), "{told}");
    for line in [
        "host: app.example.com",
        "cf-connecting-ip: 203.0.113.7",
        "x-forwarded-for: 203.0.113.7",
        "x-forwarded-proto: https",
        "cf-visitor: {\"scheme\":\"https\"}",
        "cdn-loop: cloudflare; loops=1",
        "cf-warp-tag-id: ",
        "cf-ray: ",
    ] {
        assert!(told.contains(&format!("\r\n{line}")), "no {line} in {told}");
    }
    assert!(!told.contains("cf-cloudflared"), "{told}");
}

#[test]
fn a_body_arrives_whole_and_connections_to_the_service_are_kept() {
    let stage = Stage::new();
    let _cloudflared = stage.ready(&[]);
    let body = "0123456789".repeat(20_000);
    for _ in 0..3 {
        let mut visitor = stage.cloudflare.open(HOST).unwrap();
        let head = format!("POST / HTTP/1.0\r\nHost: {HOST}\r\nContent-Length: {}\r\n\r\n", body.len());
        visitor.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        visitor.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with(&body), "{} bytes", answer.len());
    }
    assert_eq!(stage.origin.connections(), 1);
}

#[test]
fn another_host_header_can_be_said_to_the_service() {
    let stage = Stage::new();
    let rule = json!({
        "hostname": HOST, "service": stage.origin.service(), "originRequest": {"httpHostHeader": "web.localhost"},
    });
    stage.rules(&json!([rule, {"service": "http_status:404"}]));
    let _cloudflared = stage.ready(&[]);
    let told = stage.cloudflare.visit(HOST, "/").unwrap().body.to_lowercase();
    assert!(
        told.contains("host: web.localhost\r\n") && told.contains("x-forwarded-host: app.example.com\r\n"),
        "{told}"
    );
}

#[test]
fn events_arrive_one_by_one() {
    let stage = Stage::new();
    let _cloudflared = stage.ready(&[]);
    let lines = stage.cloudflare.visit_lines(HOST, "/events").unwrap();
    let mut events = lines.filter(|line| line.starts_with("data: "));
    for event in ["one", "two", "three"] {
        // Not before it was told, so it was not held back for the next one.
        stage.origin.tell(event);
        assert_eq!(events.next().unwrap(), format!("data: {event}"));
    }
}

/// A WebSocket, open.
fn socket(stage: &Stage) -> Visitor {
    let (visitor, head) = ask_for_socket(stage);
    assert!(head.starts_with("http/1.1 101 ") && head.contains("sec-websocket-accept: accepted"), "{head}");
    visitor
}

fn ask_for_socket(stage: &Stage) -> (Visitor, String) {
    let mut visitor = stage.cloudflare.open(HOST).unwrap();
    let request = format!(
        "GET /chat HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    visitor.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        visitor.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    (visitor, String::from_utf8(head).unwrap().to_lowercase())
}

fn echoes(visitor: &mut Visitor, message: &[u8]) {
    visitor.write_all(message).unwrap();
    let mut back = vec![0; message.len()];
    visitor.read_exact(&mut back).unwrap();
    assert_eq!(back, message);
}

#[test]
fn a_websocket_goes_both_ways_and_ends_with_its_visitor() {
    let stage = Stage::new();
    let _cloudflared = stage.ready(&[]);
    let mut visitor = socket(&stage);
    for message in [b"hello".as_slice(), &[0, 255, 7]] {
        echoes(&mut visitor, message);
    }
    visitor.conn.send_close_notify();
    visitor.flush().unwrap();
    visitor.sock.shutdown(std::net::Shutdown::Write).unwrap();
    // The service has been told of the end, and ends its own direction.
    assert_eq!(visitor.read_to_end(&mut Vec::new()).unwrap_or_default(), 0);
}

#[test]
fn over_http2_no_websocket_reaches_a_service_that_is_a_socket() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&["--protocol", "http2"]);
    let (_, head) = ask_for_socket(&stage);
    assert!(head.starts_with("http/1.1 502 "), "{head}");
    assert!(cloudflared.lines().iter().any(|line| line.contains("http: no Host in request URL")));
    assert_eq!(stage.cloudflare.visit(HOST, "/").unwrap().status, 200);
}

#[test]
fn another_configuration_is_in_force_at_once_and_ends_nothing_that_is_open() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&[]);
    let mut visitor = socket(&stage);
    echoes(&mut visitor, b"before");
    let version = stage.lead_to("http_status:418");
    let in_force = || cloudflared.tells("/config").1.contains(&format!("\"version\":{version}"));
    let begun = std::time::Instant::now();
    wait_until("the configuration to be in force", SOON, in_force);
    assert!(begun.elapsed() < std::time::Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(stage.cloudflare.visit(HOST, "/").unwrap().status, 418);
    echoes(&mut visitor, b"after");
    let connections = || stage.cloudflare.state().connections.clone();
    wait_until("the edge to know", SOON, || connections().iter().all(|held| held.config_version == version));
}

#[test]
fn a_bad_configuration_leaves_the_old_one_in_force() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&[]);
    stage.rules(&json!([{"hostname": HOST, "service": "http://127.0.0.1:1"}]));
    let said = cloudflared.wait_said("Failed to deserialize new configuration");
    assert_eq!((said["level"].as_str(), said["version"].as_i64()), (Some("error"), Some(2)));
    assert!(said["error"].as_str().unwrap().starts_with("The last ingress rule must match all URLs"));
    assert_eq!(stage.cloudflare.visit(HOST, "/").unwrap().status, 200);
    let told: serde_json::Value = serde_json::from_str(&cloudflared.tells("/config").1).unwrap();
    assert_eq!(told["version"], 1);
}

#[test]
fn two_of_one_tunnel_share_its_requests() {
    let stage = Stage::new();
    let one = stage.ready(&[]);
    let other = stage.ready(&[]);
    for _ in 0..4 {
        stage.cloudflare.visit(HOST, "/").unwrap();
    }
    for cloudflared in [one, other] {
        let metrics = cloudflared.tells("/metrics").1;
        assert!(metrics.contains("cloudflared_tunnel_total_requests 2\n"), "{metrics}");
    }
}
