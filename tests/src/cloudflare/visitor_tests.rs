use serde_json::json;

use super::Cloudflare;
use super::cloudflared::SOON;
use super::stage::{HOST, Stage};
use crate::wait_until;

#[test]
fn a_name_without_a_record_is_not_found_at_all() {
    let cloudflare = Cloudflare::start();
    assert!(cloudflare.visit("app.example.com", "/").is_err());
    cloudflare.state().add_record("CNAME", "app.example.com", "x.example.net", false);
    assert!(cloudflare.visit("app.example.com", "/").is_err(), "nor one that does not lead by Cloudflare");
    cloudflare.state().add_zone("pending.net", "pending");
    cloudflare.state().add_record("CNAME", "app.pending.net", "x.example.net", true);
    assert!(cloudflare.visit("app.pending.net", "/").is_err(), "nor one of a zone that is not active");
}

#[test]
fn a_tunnel_that_nobody_runs_is_an_error_of_its_own() {
    let stage = Stage::new();
    let answer = stage.cloudflare.visit(HOST, "/").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (530, "error code: 1033"));
    assert_eq!(answer.header("retry-after"), Some("120"));
}

#[test]
fn a_record_that_leads_to_no_tunnel_is_an_error_of_its_own() {
    let stage = Stage::new();
    stage.cloudflare.state().delete_tunnel("x");
    let answer = stage.cloudflare.visit(HOST, "/").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (530, "error code: 1016"));
    stage.cloudflare.state().add_record("A", "a.example.com", "192.0.2.1", true);
    assert_eq!(stage.cloudflare.visit("a.example.com", "/").unwrap().status, 523);
}

#[test]
fn a_service_that_is_not_there_is_cloudflares_502() {
    let stage = Stage::new();
    stage.lead_to("http://127.0.0.1:1");
    let cloudflared = stage.ready(&[]);
    let answer = stage.cloudflare.visit(HOST, "/").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (502, "error code: 502"));
    assert_eq!(cloudflared.ready(), 1);
    assert!(cloudflared.tells("/metrics").1.contains("cloudflared_tunnel_request_errors 1\n"));
    let lines = cloudflared.lines();
    let line = lines.iter().find(|line| line.contains("Unable to reach the origin service")).unwrap();
    let entry: serde_json::Value = serde_json::from_str(line).unwrap();
    assert!(entry["error"].as_str().unwrap().ends_with("dial tcp 127.0.0.1:1: connect: connection refused"));
    assert_eq!(json!([entry["message"], entry["originService"]]), json!([null, "http://127.0.0.1:1"]));
}

#[test]
fn a_host_that_no_rule_names_is_the_tunnels_404() {
    let stage = Stage::new();
    let _cloudflared = stage.ready(&[]);
    stage.cloudflare.state().add_record("CNAME", "other.example.com", &stage.tunnel.target(), true);
    let answer = stage.cloudflare.visit("other.example.com", "/").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (404, ""));
}

#[test]
fn a_wildcard_leads_everywhere_and_its_certificate_one_label_deep() {
    let stage = Stage::new();
    stage.rules(&json!([{"service": "http_status:200"}]));
    let _cloudflared = stage.ready(&[]);
    stage.cloudflare.state().add_record("CNAME", "*.example.com", &stage.tunnel.target(), true);
    assert_eq!(stage.cloudflare.visit("any.example.com", "/").unwrap().status, 200);
    let refused = stage.cloudflare.visit("a.b.example.com", "/").unwrap_err();
    assert!(refused.to_string().contains("alert"), "{refused}");
    stage.cloudflare.state().advanced_certificates.push("*.b.example.com".to_owned());
    assert_eq!(stage.cloudflare.visit("a.b.example.com", "/").unwrap().status, 200);
}

#[test]
fn the_api_shows_who_is_connected_and_lets_no_tunnel_in_use_be_deleted() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&["--grace-period", "0s"]);
    let path = format!("/accounts/{}/cfd_tunnel/{}", stage.cloudflare.account(), stage.tunnel.id);
    let ask = |method: &str, rest: &str| stage.cloudflare.ask(method, &format!("{path}{rest}"), &json!(null));
    assert_eq!(ask("GET", "").result()["status"], "degraded");
    let connector = ask("GET", "/connections").result()[0].clone();
    assert!(cloudflared.tells("/ready").1.contains(connector["id"].as_str().unwrap()));
    assert_eq!(
        json!([connector["version"], connector["conns"][0]["client_id"]]),
        json!(["2026.8.2", connector["id"]])
    );
    assert_eq!(ask("DELETE", "").refusal(), (400, 1022));
    drop(cloudflared);
    wait_until("the edge to know", SOON, || stage.cloudflare.state().connections.is_empty());
    assert_eq!(ask("GET", "").result()["status"], "down");
    ask("DELETE", "").result();
}

#[test]
fn connections_are_closed_by_the_api_and_with_their_tunnel() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&["--protocol", "http2"]);
    let path = format!("/accounts/{}/cfd_tunnel/{}", stage.cloudflare.account(), stage.tunnel.id);
    stage.cloudflare.ask("DELETE", &format!("{path}?cascade=true"), &json!(null)).result();
    cloudflared.wait_ready(0);
    let late = stage.cloudflared(&["--protocol", "http2"]);
    let said = late.wait_said("Register tunnel error from server side");
    assert_eq!(said["error"], "Unauthorized: Tunnel not found");
}
