use serde_json::{Value, json};

use super::{Cloudflare, Reply};

fn records(cloudflare: &Cloudflare) -> String {
    format!("/zones/{}/dns_records", cloudflare.zone())
}

fn create(cloudflare: &Cloudflare, kind: &str, name: &str, content: &str) -> Reply {
    let body = json!({"type": kind, "name": name, "content": content, "proxied": true, "ttl": 1});
    cloudflare.ask("POST", &records(cloudflare), &body)
}

#[test]
fn a_record_is_shown_with_its_whole_name() {
    let cloudflare = Cloudflare::start();
    let made = create(&cloudflare, "cname", "App", "x.cfargotunnel.com").result();
    let wanted = json!(["app.example.com", "CNAME", true, 1, {}, null]);
    assert_eq!(
        json!([made["name"], made["type"], made["proxied"], made["ttl"], made["meta"], made["comment"]]),
        wanted
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(cloudflare.ask("GET", &format!("{}/{id}", records(&cloudflare)), &Value::Null).result(), made);
}

#[test]
fn records_that_can_not_be_side_by_side_are_told_by_code() {
    let cloudflare = Cloudflare::start();
    create(&cloudflare, "A", "app.example.com", "192.0.2.1").result();
    create(&cloudflare, "CNAME", "www.example.com", "x.example.net").result();
    for (kind, name, content, code) in [
        ("A", "app.example.com", "192.0.2.1", 81058),
        ("CNAME", "app.example.com", "x.example.net", 81053),
        ("CNAME", "www.example.com", "y.example.net", 81053),
        ("A", "www.example.com", "192.0.2.1", 81054),
        ("A", "a.example.com", "not an address", 9005),
    ] {
        assert_eq!(
            create(&cloudflare, kind, name, content).refusal(),
            (400, code),
            "{kind} {name} {content}"
        );
    }
    let unproxied = json!({"type": "A", "name": "app", "content": "192.0.2.1", "proxied": false, "ttl": 300});
    assert_eq!(cloudflare.ask("POST", &records(&cloudflare), &unproxied).refusal(), (400, 81057));
    assert_eq!(create(&cloudflare, "A", "app.example.com", "192.0.2.2").status, 200);
    assert_eq!(cloudflare.state().records.len(), 3);
}

#[test]
fn a_patch_changes_what_it_names_and_a_put_everything() {
    let cloudflare = Cloudflare::start();
    let id = cloudflare.state().add_record("CNAME", "app.example.com", "old.example.net", true);
    let path = format!("{}/{id}", records(&cloudflare));
    let patched = cloudflare.ask("PATCH", &path, &json!({"comment": "mine"})).result();
    assert_eq!(json!([patched["content"], patched["comment"]]), json!(["old.example.net", "mine"]));
    let body = json!({"type": "CNAME", "name": "app.example.com", "content": "new.example.net"});
    let put = cloudflare.ask("PUT", &path, &body).result();
    assert_eq!(
        json!([put["content"], put["comment"], put["proxied"]]),
        json!(["new.example.net", null, false])
    );
    assert_eq!(cloudflare.ask("PUT", &path, &json!({"type": "CNAME"})).refusal(), (400, 9000));
}

#[test]
fn a_record_that_is_gone_is_not_deleted_again() {
    let cloudflare = Cloudflare::start();
    let id = cloudflare.state().add_record("A", "app.example.com", "192.0.2.1", false);
    let path = format!("{}/{id}", records(&cloudflare));
    assert_eq!(cloudflare.ask("DELETE", &path, &Value::Null).result(), json!({"id": id}));
    for method in ["DELETE", "GET", "PATCH"] {
        assert_eq!(cloudflare.ask(method, &path, &json!({})).refusal(), (404, 81044), "{method}");
    }
}

#[test]
fn a_list_is_filtered_by_all_or_any() {
    let cloudflare = Cloudflare::start();
    for (name, comment) in [("a", "kinfra: one"), ("b", "kinfra: two"), ("c", "by hand")] {
        let id =
            cloudflare.state().add_record("CNAME", &format!("{name}.example.com"), "x.example.net", true);
        let path = format!("{}/{id}", records(&cloudflare));
        cloudflare.ask("PATCH", &path, &json!({"comment": comment})).result();
    }
    for (query, wanted) in [
        ("name.exact=a.example.com&type=CNAME", "a"),
        ("comment.startswith=kinfra%3A", "ab"),
        ("content.exact=x.example.net&name.startswith=c", "c"),
        ("match=any&name=a.example.com&comment.exact=by+hand", "ac"),
        ("type=A", ""),
        ("", "abc"),
    ] {
        let found =
            cloudflare.ask("GET", &format!("{}?{query}", records(&cloudflare)), &Value::Null).result();
        let names = found.as_array().unwrap().iter().map(|record| &record["name"].as_str().unwrap()[..1]);
        assert_eq!(names.collect::<String>(), wanted, "{query}");
    }
}

#[test]
fn a_batch_is_done_whole_and_in_its_order_or_not_at_all() {
    let cloudflare = Cloudflare::start();
    let old = cloudflare.state().add_record("A", "app.example.com", "192.0.2.1", false);
    let path = format!("{}/batch", records(&cloudflare));
    let alias = json!({"type": "CNAME", "name": "app.example.com", "content": "x.example.net"});
    let twice = json!({"deletes": [{"id": old}], "posts": [alias, alias]});
    assert_eq!(cloudflare.ask("POST", &path, &twice).refusal(), (400, 81058));
    assert_eq!(cloudflare.state().record("app.example.com").unwrap().kind, "A");
    // The alias could not be there beside the address that is deleted first.
    let once = json!({"posts": [alias], "deletes": [{"id": old}]});
    let done = cloudflare.ask("POST", &path, &once).result();
    assert_eq!(json!([done["deletes"][0]["id"], done["posts"][0]["type"]]), json!([old, "CNAME"]));
    assert_eq!(cloudflare.state().records.len(), 1);
}

#[test]
fn a_route_takes_no_name_that_is_taken() {
    let cloudflare = Cloudflare::start();
    let tunnel = cloudflare.state().add_tunnel("x");
    cloudflare.state().add_record("A", "taken.example.com", "192.0.2.1", true);
    let path = format!("/zones/{}/tunnels/{}/routes", cloudflare.zone(), tunnel.id);
    let route = |name: &str, overwrite: bool| {
        let body = json!({"type": "dns", "user_hostname": name, "overwrite_existing": overwrite});
        cloudflare.ask("PUT", &path, &body)
    };
    assert_eq!(route("app.example.com", false).result(), json!({"cname": "new", "name": "app.example.com"}));
    assert_eq!(route("app.example.com", false).result()["cname"], "unchanged");
    assert_eq!(route("taken.example.com", false).refusal(), (400, 1003));
    assert_eq!(route("taken.example.com", true).result()["cname"], "updated");
    assert_eq!(cloudflare.state().record("taken.example.com").unwrap().content, tunnel.target());
}
