use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Cloudflare;

fn tunnels(cloudflare: &Cloudflare) -> String {
    format!("/accounts/{}/cfd_tunnel", cloudflare.account())
}

/// Makes one, and gives the path of its calls.
fn create(cloudflare: &Cloudflare, name: &str) -> String {
    let body = json!({"name": name, "config_src": "cloudflare"});
    let made = cloudflare.ask("POST", &tunnels(cloudflare), &body).result();
    format!("{}/{}", tunnels(cloudflare), made["id"].as_str().unwrap())
}

#[test]
fn a_new_tunnel_comes_with_the_token_that_runs_it() {
    let cloudflare = Cloudflare::start();
    let made =
        cloudflare.ask("POST", &tunnels(&cloudflare), &json!({"name": "x", "config_src": "cloudflare"}));
    let made = made.result();
    let token = made["token"].as_str().unwrap();
    let decoded: Value = serde_json::from_slice(&BASE64_STANDARD.decode(token).unwrap()).unwrap();
    let credentials = &made["credentials_file"];
    assert_eq!(
        decoded,
        json!({"a": cloudflare.account(), "t": made["id"], "s": credentials["TunnelSecret"]})
    );
    assert_eq!(json!([made["status"], made["deleted_at"]]), json!(["inactive", null]));
    let path = format!("{}/{}/token", tunnels(&cloudflare), made["id"].as_str().unwrap());
    assert_eq!(cloudflare.ask("GET", &path, &Value::Null).result(), token);
}

#[test]
fn without_a_word_a_tunnel_is_configured_locally() {
    let cloudflare = Cloudflare::start();
    let made = cloudflare.ask("POST", &tunnels(&cloudflare), &json!({"name": "x"})).result();
    assert_eq!(json!([made["config_src"], made["remote_config"]]), json!(["local", false]));
}

#[test]
fn a_name_is_taken_until_its_tunnel_is_deleted() {
    let cloudflare = Cloudflare::start();
    let path = create(&cloudflare, "x");
    let again = || cloudflare.ask("POST", &tunnels(&cloudflare), &json!({"name": "x"}));
    assert_eq!(again().refusal(), (409, 1013));
    let other = create(&cloudflare, "y");
    assert_eq!(cloudflare.ask("PATCH", &other, &json!({"name": "x"})).refusal(), (409, 1013));
    cloudflare.ask("DELETE", &path, &Value::Null).result();
    assert_eq!(again().status, 200);
}

#[test]
fn a_list_has_the_deleted_ones_too_unless_told_otherwise() {
    let cloudflare = Cloudflare::start();
    let path = create(&cloudflare, "x");
    cloudflare.ask("DELETE", &path, &Value::Null).result();
    create(&cloudflare, "x");
    let list = |query: &str| {
        let path = format!("{}?name=x{query}", tunnels(&cloudflare));
        cloudflare.ask("GET", &path, &Value::Null).result().as_array().unwrap().len()
    };
    assert_eq!((list(""), list("&is_deleted=false"), list("&status=healthy")), (2, 1, 0));
}

#[test]
fn a_deleted_tunnel_is_shown_and_does_nothing_more() {
    let cloudflare = Cloudflare::start();
    let path = create(&cloudflare, "x");
    assert!(cloudflare.ask("DELETE", &path, &Value::Null).result()["deleted_at"].is_string());
    assert!(cloudflare.ask("GET", &path, &Value::Null).result()["deleted_at"].is_string());
    for (method, rest) in
        [("GET", "/token"), ("DELETE", ""), ("PUT", "/configurations"), ("GET", "/connections")]
    {
        let reply = cloudflare.ask(method, &format!("{path}{rest}"), &json!({}));
        assert_eq!(reply.refusal(), (404, 1003), "{method} {rest}");
    }
}

#[test]
fn a_configuration_replaces_the_one_before_and_counts_on() {
    let cloudflare = Cloudflare::start();
    let path = format!("{}/configurations", create(&cloudflare, "x"));
    let get = || cloudflare.ask("GET", &path, &Value::Null).result();
    assert_eq!(json!([get()["version"], get()["config"]]), json!([0, null]));
    let one = json!({"ingress": [{"service": "http_status:404"}], "unknown": {"key": 1}});
    let put = cloudflare.ask("PUT", &path, &json!({"config": one})).result();
    assert_eq!(json!([put["version"], put["config"], put["source"]]), json!([1, one, "cloudflare"]));
    let two = json!({"ingress": [{"service": "http_status:503"}]});
    cloudflare.ask("PUT", &path, &json!({"config": two})).result();
    assert_eq!(json!([get()["version"], get()["config"]]), json!([2, two]));
}

#[test]
fn a_bad_configuration_is_refused_and_the_old_one_stays() {
    let cloudflare = Cloudflare::start();
    let path = format!("{}/configurations", create(&cloudflare, "x"));
    let bad =
        json!({"config": {"ingress": [{"hostname": "a.example.com", "service": "http://127.0.0.1:1"}]}});
    let reply = cloudflare.ask("PUT", &path, &bad);
    assert_eq!(reply.refusal(), (400, 1056));
    let message = "Bad Configuration: Validation failed: The last ingress rule must match all URLs (i.e. it should \
                   not have a hostname or path filter)";
    assert_eq!(reply.value()["errors"][0]["message"], message);
    assert_eq!(cloudflare.ask("GET", &path, &Value::Null).result()["version"], 0);
}

#[test]
fn another_writer_counts_the_version_on_too() {
    let cloudflare = Cloudflare::start();
    let path = format!("{}/configurations", create(&cloudflare, "x"));
    cloudflare.after_next("GET", "/accounts/*/cfd_tunnel/*/configurations", |state| {
        let rule = json!({"hostname": "theirs.example.com", "service": "http://127.0.0.1:9"});
        state.edit_ingress("x", |rules| rules.insert(0, rule));
    });
    let get = || cloudflare.ask("GET", &path, &Value::Null).result()["version"].clone();
    assert_eq!((get(), get()), (json!(0), json!(1)));
    assert_eq!(cloudflare.state().hosts("x"), ["theirs.example.com"]);
}
