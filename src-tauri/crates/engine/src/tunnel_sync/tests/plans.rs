//! What a plan says, as `kinfra tunnels plan` shows it.

use serde_json::json;

use super::model::{Model, ORIGIN, configured, record, tunnel, zone};
use crate::store::{StoredTunnel, StoredTunnelRecord};
use crate::tunnel_sync::actual::target;
use crate::tunnel_sync::{Desired, HostPlan, Leftover, Plan, Step};

fn shown(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    for (host, state) in &plan.hosts {
        lines.push(match state {
            HostPlan::Foreign { records, why, .. } => {
                format!("{host}: {} {}: {why}", records[0].kind, records[0].content)
            }
            other => format!("{host}: {other:?}"),
        });
    }
    lines.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}

fn desired(hosts: &[&str]) -> Desired {
    hosts.iter().fold(Desired::new(ORIGIN), |desired, host| desired.with(host, "shop/web"))
}

/// A machine that has published these.
fn published(hosts: &[&str]) -> Model {
    let mut model = Model::new(&["example.com", "example.org"]);
    model.apply(&desired(hosts), |_| {});
    model
}

#[test]
fn the_first_plan_makes_the_tunnel_then_the_rules_then_the_records() {
    let model = Model::new(&["example.com"]);
    let plan = model.plan(&desired(&["app.example.com", "*.dev.example.com", "shop.example.net"]));
    insta::assert_snapshot!(shown(&plan));
}

#[test]
fn a_plan_that_swaps_names_deletes_before_and_creates_after_one_change_of_rules() {
    let model = published(&["old.example.com", "stays.example.com"]);
    insta::assert_snapshot!(shown(&model.plan(&desired(&["new.example.org", "stays.example.com"]))));
}

#[test]
fn what_is_somebody_elses_is_left_and_told() {
    let mut model =
        published(&["moved.example.com", "edited.example.com", "grey.example.com", "app.example.com"]);
    let other_machine = Some("KInfra ffffffff: blog/web");
    model.actual.tunnels.push(tunnel("other", "somebody's"));
    for name in ["moved.example.com", "edited.example.com", "grey.example.com"] {
        let zone = zone("example.com").id;
        let all = model.actual.records.get_mut(&zone).unwrap();
        let known = all.iter_mut().find(|record| record.name == name).unwrap();
        match name {
            "moved.example.com" => known.content = target("other"),
            "edited.example.com" => (known.kind, known.content) = ("A".into(), "192.0.2.1".into()),
            _ => known.proxied = false,
        }
    }
    model.add(record("www.example.com", "CNAME", "hosting.example.net", None));
    model.add(record("two.example.com", "A", "192.0.2.1", None));
    model.add(record("two.example.com", "AAAA", "2001:db8::1", None));
    model.add(record("blog.example.com", "CNAME", &target("other"), other_machine));
    model.add(record("text.example.com", "TXT", "v=spf1", None));
    let own = model.tunnel().unwrap();
    model.add(record("dashboard.example.com", "CNAME", &target(&own), None));
    let all = ["app", "moved", "edited", "grey", "www", "two", "blog", "text", "dashboard"]
        .map(|name| format!("{name}.example.com"));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&model.plan(&desired(&all))));
}

#[test]
fn a_record_of_ours_that_somebody_led_elsewhere_is_not_deleted() {
    let mut model = published(&["app.example.com"]);
    let zone = zone("example.com").id;
    model.actual.records.get_mut(&zone).unwrap()[0].content = "hosting.example.net".to_owned();
    let plan = model.plan(&desired(&[]));
    insta::assert_snapshot!(shown(&plan));
    assert!(plan.ledger.records.contains_key("app.example.com"), "its mark is still on it");
}

#[test]
fn a_deleted_tunnel_is_made_anew_and_its_records_are_led_there() {
    let mut model = published(&["app.example.com"]);
    model.actual.tunnels.clear();
    model.actual.configuration = None;
    let wanted = desired(&["app.example.com"]);
    insta::assert_snapshot!(shown(&model.plan(&wanted)));
    model.apply(&wanted, |_| {});
    assert!(model.plan(&wanted).steps.is_empty());
    assert_eq!(model.ledger.tunnel.as_ref().unwrap().former.len(), 1);
}

#[test]
fn a_tunnel_that_was_made_before_a_crash_is_known_by_its_name() {
    let mut model = Model::new(&["example.com"]);
    let wanted = desired(&["app.example.com"]);
    model.ledger = model.plan(&wanted).ledger;
    assert_eq!(model.ledger.tunnel.as_ref().unwrap().id, None, "what is intended is known");
    model.actual.tunnels.push(tunnel("made", "kinfra-desk-0a1b2c3d"));
    let plan = model.plan(&wanted);
    assert!(!plan.steps.iter().any(|step| matches!(step, Step::CreateTunnel { .. })), "{}", shown(&plan));
    assert_eq!(plan.ledger.tunnel.unwrap().id.as_deref(), Some("made"));
    model.actual.tunnels[0].config_src = Some("local".to_owned());
    let plan = model.plan(&wanted);
    assert_eq!(plan.steps[0], Step::CreateTunnel { name: "kinfra-desk-0a1b2c3d-2".to_owned() });
}

#[test]
fn a_lost_database_finds_the_tunnel_and_the_records_of_its_machine_again() {
    let mut model = published(&["app.example.com", "gone.example.com"]);
    model.ledger = crate::tunnel_sync::Ledger::default();
    model.actual.tunnels[0].name = "kinfra-former-name-0a1b2c3d".to_owned();
    let plan = model.plan(&desired(&["app.example.com"]));
    insta::assert_snapshot!(shown(&plan));
    assert_eq!(plan.ledger.tunnel.unwrap().id, Some(model.actual.tunnels[0].id.clone()));
}

#[test]
fn a_zone_that_is_not_reached_any_more_costs_no_rule() {
    let mut model = published(&["app.example.com", "shop.example.org"]);
    let (name, rules) = (zone("example.org").id, model.rules());
    for hosts in [&["app.example.com", "shop.example.org"][..], &["app.example.com"]] {
        let mut unread = model.clone();
        unread.actual.records.remove(&name);
        unread.actual.unread.insert(name.clone(), "no permission".to_owned());
        let plan = unread.plan(&desired(hosts));
        assert!(plan.steps.is_empty(), "{}", shown(&plan));
        assert!(plan.ledger.records.contains_key("shop.example.org"));
        let mut hidden = model.clone();
        hidden.actual.zones.pop();
        hidden.actual.records.remove(&name);
        let plan = hidden.plan(&desired(hosts));
        assert!(plan.steps.is_empty(), "{}", shown(&plan));
        assert!(plan.ledger.records.contains_key("shop.example.org"));
        assert_eq!(hidden.rules(), rules);
    }
    model.apply(&desired(&["app.example.com"]), |_| {});
    assert_eq!(model.rules().len(), 2);
}

#[test]
fn what_other_machines_left_is_listed_and_not_touched() {
    let mut model = published(&["app.example.com"]);
    model.actual.tunnels.push(tunnel("b", "kinfra-laptop-ffffffff"));
    model.actual.tunnels.push(tunnel("c", "kinfra-desk-0a1b2c3d-2"));
    model.actual.tunnels.push(tunnel("d", "kinfra-unified"));
    model.add(record("a.example.com", "CNAME", &target("b"), Some("KInfra ffffffff: blog/web")));
    model.add(record("b.example.com", "CNAME", &target("gone"), Some("KInfra eeeeeeee: blog/web")));
    let plan = model.plan(&desired(&["app.example.com"]));
    assert!(plan.steps.is_empty(), "{}", shown(&plan));
    let found: Vec<String> = plan
        .leftovers
        .iter()
        .map(|leftover| match leftover {
            Leftover::Record { record, machine, tunnel_is_there, .. } => {
                format!("{} {machine} {tunnel_is_there}", record.name)
            }
            Leftover::Tunnel { name, is_of_this_machine, .. } => format!("{name} {is_of_this_machine}"),
        })
        .collect();
    let expected = [
        "a.example.com ffffffff true",
        "b.example.com eeeeeeee false",
        "kinfra-laptop-ffffffff false",
        "kinfra-desk-0a1b2c3d-2 true",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_permitted_record_is_replaced_as_long_as_it_is_the_one_that_was_seen() {
    let mut model = published(&["app.example.com"]);
    model.add(record("www.example.com", "A", "192.0.2.1", None));
    let wanted = desired(&["app.example.com", "www.example.com"]);
    let HostPlan::Foreign { seal, records, .. } = model.plan(&wanted).hosts["www.example.com"].clone() else {
        panic!("it is foreign");
    };
    let row = StoredTunnelRecord {
        hostname: "www.example.com".into(),
        zone: zone("example.com").id,
        id: None,
        adopted: false,
        was: Some(json!(records)),
        permit: Some(seal),
    };
    model.ledger.records.insert(row.hostname.clone(), row);
    let mut changed = model.clone();
    changed.actual.records.get_mut(&zone("example.com").id).unwrap()[1].content = "192.0.2.9".into();
    let plan = changed.plan(&wanted);
    assert!(matches!(plan.hosts["www.example.com"], HostPlan::Foreign { .. }));
    assert!(!plan.ledger.records.contains_key("www.example.com"), "what was allowed was for another record");
    insta::assert_snapshot!(shown(&model.plan(&wanted)));
    model.apply(&wanted, |_| {});
    assert!(model.plan(&wanted).steps.is_empty());
    insta::assert_snapshot!("given_back", shown(&model.plan(&desired(&["app.example.com"]))));
}

#[test]
fn an_adopted_tunnel_keeps_its_name_and_its_records_until_they_are_wanted() {
    let mut model = Model::new(&["example.com"]);
    model.actual.tunnels.push(tunnel("old", "example-unified"));
    let theirs = |host: &str| json!({ "hostname": host, "service": "http://127.0.0.1:8080" });
    let rules =
        [theirs("app.example.com"), theirs("idle.example.com"), json!({ "service": "http_status:404" })];
    model.actual.configuration = Some(configured(&rules));
    for name in ["app.example.com", "idle.example.com"] {
        let adopted = record(name, "CNAME", &target("old"), None);
        let row = StoredTunnelRecord {
            hostname: name.into(),
            zone: zone("example.com").id,
            id: Some(adopted.id.clone()),
            adopted: true,
            was: Some(json!([adopted])),
            permit: None,
        };
        model.add(adopted);
        model.ledger.records.insert(name.to_owned(), row);
    }
    model.ledger.tunnel = Some(StoredTunnel {
        name: "example-unified".into(),
        id: Some("old".into()),
        adopted: true,
        former: vec![],
        origins: vec![],
        rules: rules[..2].to_vec(),
    });
    let wanted = desired(&["app.example.com"]);
    insta::assert_snapshot!(shown(&model.plan(&wanted)));
    model.apply(&wanted, |_| {});
    assert!(model.plan(&wanted).steps.is_empty());
    assert_eq!(model.ledger.tunnel.as_ref().unwrap().name, "example-unified");
    assert_eq!(model.named("idle.example.com")[0].comment, None);
    assert_eq!(model.rules()[1], rules[1]);
    let plan = model.apply(&desired(&[]), |_| {});
    assert_eq!(
        shown(&plan),
        "delete the DNS record of app.example.com (before KInfra's there was: CNAME old.cfargotunnel.com)\n\
        change the tunnel's rules: remove app.example.com"
    );
    assert_eq!(model.named("idle.example.com").len(), 1);
}

#[test]
fn a_tunnel_that_a_file_configures_is_left_alone() {
    let mut model = published(&["app.example.com"]);
    model.actual.tunnels[0].config_src = Some("local".to_owned());
    let plan = model.plan(&desired(&["app.example.com", "new.example.com"]));
    assert!(plan.steps.is_empty());
    insta::assert_snapshot!(plan.obstacle.unwrap());
}

#[test]
fn a_configuration_of_another_form_stops_everything_and_says_so() {
    let mut model = published(&["app.example.com"]);
    model.actual.configuration.as_mut().unwrap().config = Some(json!({ "ingress": "none" }));
    let plan = model.plan(&desired(&["app.example.com", "new.example.com"]));
    assert!(plan.steps.is_empty());
    insta::assert_snapshot!(shown(&plan));
}
