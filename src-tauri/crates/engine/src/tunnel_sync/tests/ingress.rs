use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::tunnel_sync::ingress::{Merged, Owned, merge};
use crate::tunnel_sync::validate;

const ORIGIN: &str = "unix:/run/kinfra/public.sock";

fn wanted(hosts: &[&str]) -> BTreeSet<String> {
    hosts.iter().map(|host| (*host).to_owned()).collect()
}

fn merged(config: &Value, hosts: &[&str]) -> Merged {
    let owned = Owned { origin: ORIGIN, ..Owned::default() };
    merge(Some(config), &wanted(hosts), &|_| false, &owned).unwrap()
}

fn ours(host: &str) -> Value {
    json!({ "hostname": host, "service": ORIGIN })
}

fn theirs(host: &str) -> Value {
    json!({ "hostname": host, "service": "http://localhost:3000", "originRequest": { "noTLSVerify": true } })
}

fn all() -> Value {
    json!({ "service": "http_status:404" })
}

fn rules(merged: &Merged) -> Vec<Value> {
    merged.config["ingress"].as_array().unwrap().clone()
}

#[test]
fn a_first_rule_comes_with_one_for_everything_else() {
    let owned = Owned { origin: ORIGIN, ..Owned::default() };
    for nothing in [None, Some(&Value::Null), Some(&json!({})), Some(&json!({ "ingress": null }))] {
        let merged = merge(nothing, &wanted(&["app.example.com"]), &|_| false, &owned).unwrap();
        assert_eq!(merged.config, json!({ "ingress": [ours("app.example.com"), all()] }));
        let unwanted = merge(nothing, &wanted(&[]), &|_| false, &owned).unwrap();
        assert!(!unwanted.differs);
    }
}

#[test]
fn rules_and_keys_of_others_stay_as_they_are_in_their_order() {
    let foreign = [
        theirs("b.example.com"),
        json!({ "hostname": "a.example.com", "path": "^/x", "service": "hello_world" }),
    ];
    let config = json!({
        "ingress": [foreign[0], ours("old.example.com"), foreign[1], { "service": "http://localhost:1", "unknown": 1 }],
        "originRequest": { "connectTimeout": 5 }, "warp-routing": { "enabled": true }, "of the future": {},
    });
    let merged = merged(&config, &["new.example.com"]);
    let mut expected = config.clone();
    expected["ingress"] = json!([foreign[0], foreign[1], ours("new.example.com"), config["ingress"][3]]);
    assert_eq!(merged.config, expected);
    assert_eq!(
        (merged.added, merged.removed),
        (vec!["new.example.com".to_owned()], vec!["old.example.com".to_owned()])
    );
}

#[test]
fn exact_names_stand_before_the_patterns_that_cover_them() {
    let config = json!({ "ingress": [theirs("x.example.org"), theirs("*.example.com"), all()] });
    let merged =
        merged(&config, &["*.dev.example.com", "a.dev.example.com", "z.example.org", "*.example.org"]);
    let hosts: Vec<Value> = rules(&merged).iter().map(|rule| rule["hostname"].clone()).collect();
    let expected = [
        json!("x.example.org"),
        json!("a.dev.example.com"),
        json!("*.dev.example.com"),
        json!("*.example.com"),
        json!("z.example.org"),
        json!("*.example.org"),
        Value::Null,
    ];
    assert_eq!(hosts, expected);
}

#[test]
fn what_somebody_did_to_a_rule_of_ours_is_put_right() {
    let config = json!({ "ingress": [
        theirs("*.example.com"), ours("covered.example.com"),
        { "hostname": "Upper.example.org", "service": ORIGIN },
        { "hostname": "path.example.org", "path": "^/only", "service": ORIGIN, "originRequest": { "http2Origin": true } },
        ours("twice.example.org"), ours("twice.example.org"), all(),
    ] });
    let names = ["covered.example.com", "upper.example.org", "path.example.org", "twice.example.org"];
    let merged = merged(&config, &names);
    let expected = json!([
        ours("covered.example.com"), theirs("*.example.com"), ours("upper.example.org"),
        { "hostname": "path.example.org", "service": ORIGIN, "originRequest": { "http2Origin": true } },
        ours("twice.example.org"), all(),
    ]);
    assert_eq!(json!(rules(&merged)), expected);
    assert_eq!(merged.changed, ["upper.example.org", "path.example.org", "covered.example.com"]);
    assert!(merged.added.is_empty() && merged.removed.is_empty());
}

#[test]
fn rules_that_led_where_the_proxy_was_before_are_led_to_where_it_is() {
    let former = ["unix:/old/public.sock".to_owned()];
    let owned = Owned { origin: ORIGIN, former: &former, handed_over: &[] };
    let old = json!({ "hostname": "a.example.com", "service": former[0], "originRequest": { "connectTimeout": 3 } });
    let gone = json!({ "hostname": "b.example.com", "service": former[0] });
    let config = json!({ "ingress": [old, gone, all()] });
    let merged = merge(Some(&config), &wanted(&["a.example.com"]), &|_| false, &owned).unwrap();
    let mut new = old;
    new["service"] = json!(ORIGIN);
    assert_eq!(rules(&merged), [new, all()]);
}

#[test]
fn a_name_that_somebody_elses_rule_takes_is_told_with_it() {
    let config = json!({ "ingress": [theirs("app.example.com"), all()] });
    let merged = merged(&config, &["app.example.com"]);
    assert!(!merged.differs);
    assert_eq!(merged.foreign["app.example.com"], theirs("app.example.com"));
    let path = json!({ "hostname": "app.example.com", "path": "^/api", "service": "http://localhost:1" });
    let config = json!({ "ingress": [path, all()] });
    let merged = self::merged(&config, &["app.example.com"]);
    assert_eq!(rules(&merged), [path, ours("app.example.com"), all()], "a part of it can be theirs");
    assert!(merged.foreign.is_empty());
}

#[test]
fn a_rule_that_was_handed_over_is_ours_once_its_name_is_wanted() {
    let handed = [theirs("app.example.com"), theirs("idle.example.com")];
    let owned = Owned { origin: ORIGIN, former: &[], handed_over: &handed };
    let config = json!({ "ingress": [handed[1], theirs("x.example.com"), handed[0], all()] });
    let merged = merge(Some(&config), &wanted(&["app.example.com"]), &|_| false, &owned).unwrap();
    assert_eq!(rules(&merged), [handed[1].clone(), theirs("x.example.com"), ours("app.example.com"), all()]);
}

#[test]
fn the_rule_of_a_name_whose_record_may_be_there_is_kept() {
    let config = json!({ "ingress": [ours("a.example.com"), ours("b.example.com"), all()] });
    let owned = Owned { origin: ORIGIN, ..Owned::default() };
    let merged = merge(Some(&config), &wanted(&[]), &|host| host == "b.example.com", &owned).unwrap();
    assert_eq!(rules(&merged), [ours("b.example.com"), all()]);
}

#[test]
fn a_configuration_of_another_form_is_left_alone() {
    let owned = Owned { origin: ORIGIN, ..Owned::default() };
    for strange in [json!([]), json!({ "ingress": {} }), json!({ "ingress": ["a"] })] {
        assert!(merge(Some(&strange), &wanted(&["a.example.com"]), &|_| false, &owned).is_err(), "{strange}");
    }
}

#[test]
fn of_five_hundred_rules_one_change_touches_one() {
    let mut names: Vec<String> = (0..500).map(|n| format!("h{n}.example.com")).collect();
    let mut config =
        json!({ "ingress": names.iter().map(|name| ours(name)).chain([all()]).collect::<Vec<_>>() });
    names[250] = "new.example.com".to_owned();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let merged = merged(&config, &names);
    assert_eq!(
        (merged.added, merged.removed),
        (vec!["new.example.com".into()], vec!["h250.example.com".into()])
    );
    let rules = config["ingress"].as_array_mut().unwrap();
    rules.remove(250);
    rules.insert(499, ours("new.example.com"));
    assert_eq!(merged.config, config);
    assert_eq!(validate(&merged.config), Ok(()));
}
