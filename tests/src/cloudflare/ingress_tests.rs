use serde_json::{Value, json};

use super::ingress::Ingress;

fn refused(rules: &Value) -> String {
    Ingress::read(&json!({"ingress": rules})).unwrap_err()
}

#[test]
fn every_fault_is_told_as_cloudflared_does() {
    let last = json!({"service": "http_status:404"});
    let with = |rule: Value| json!([rule, last]);
    for (rules, wanted) in [
        (json!([]), "The config file doesn't contain any ingress rules"),
        (
            json!([{"hostname": "a.example.com", "service": "http://127.0.0.1:1"}]),
            "The last ingress rule must match all",
        ),
        (
            with(json!({"hostname": "app.*.example.com", "service": "http://x:1"})),
            "Hostname patterns can have at most one",
        ),
        (
            with(json!({"hostname": "*app.example.com", "service": "http://x:1"})),
            "Hostname patterns can have at most one",
        ),
        (
            with(json!({"hostname": "a.example.com:80", "service": "http://x:1"})),
            "Hostname cannot contain a port",
        ),
        (
            with(json!({"service": "http://x:1"})),
            "Rule #1 is matching the hostname '', but this will match every",
        ),
        (
            with(json!({"hostname": "a", "service": "localhost:8001"})),
            "localhost:8001 is an invalid address, please",
        ),
        (
            with(json!({"hostname": "a"})),
            " is an invalid address, please make sure it has a scheme and a hostname",
        ),
        (
            with(json!({"hostname": "a", "service": "http://x:1/"})),
            "http://x:1/ is an invalid address, ingress rules",
        ),
        (with(json!({"hostname": "a", "service": "http_status:9999"})), "invalid HTTP status code: 9999"),
        (
            with(json!({"hostname": "a", "path": "((", "service": "http://x:1"})),
            "Rule #1 has an invalid regex: error parsing regexp: missing closing ): `((`",
        ),
    ] {
        let said = refused(&rules);
        assert!(said.starts_with(wanted), "{said}");
    }
}

#[test]
fn what_is_odd_and_valid_is_taken() {
    for service in [
        "unix:/run/x.sock",
        "unix+tls:/x",
        "tcp://h:1",
        "ssh://h:22",
        "ftp://x:1",
        "hello_world",
        "http_status:418",
    ] {
        let rules = json!({"ingress": [
            {"hostname": "a_b.exämple.com", "service": service},
            {"hostname": "a_b.exämple.com", "service": service},
            {"service": "http_status:404"},
        ]});
        assert!(Ingress::read(&rules).is_ok(), "{service}");
    }
}

#[test]
fn the_first_rule_that_is_met_wins() {
    let ingress = Ingress::read(&json!({"ingress": [
        {"hostname": "app.example.com", "path": "^/api", "service": "http://127.0.0.1:1"},
        {"hostname": "app.example.com", "service": "http://127.0.0.1:2"},
        {"hostname": "*.dev.example.com", "service": "http://127.0.0.1:3"},
        {"service": "http_status:404"},
    ]}))
    .unwrap();
    for (host, path, wanted) in [
        ("app.example.com", "/api/x", 0),
        ("app.example.com:443", "/x/api", 1),
        ("a.b.dev.example.com", "/", 2),
        ("dev.example.com", "/", 3),
        ("APP.example.com", "/", 3),
    ] {
        assert_eq!(ingress.find(host, path).unwrap().0, wanted, "{host}{path}");
    }
}

#[test]
fn what_a_rule_says_of_its_origin_goes_before_what_is_said_of_all() {
    let ingress = Ingress::read(&json!({
        "originRequest": {"connectTimeout": 10, "httpHostHeader": "all"},
        "ingress": [{"service": "http://127.0.0.1:1", "originRequest": {"httpHostHeader": "one"}}],
    }))
    .unwrap();
    assert_eq!(ingress.rules[0].origin_request, json!({"connectTimeout": 10, "httpHostHeader": "one"}));
}
