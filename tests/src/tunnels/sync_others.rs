//! Somebody else is at Cloudflare, too: before, between and after.

use kinfra_engine::tunnel_sync::{HostPlan, HostState, Scope};
use serde_json::json;

use super::world::{CONFIGURATIONS, DNS, MACHINE, ORIGIN, TUNNEL, World, wanted};
use crate::cloudflare::Fault;

fn states(world: &World, hosts: &[&str]) -> Vec<HostState> {
    world.sync(&wanted(hosts)).unwrap().hosts.into_values().collect()
}

#[test]
fn a_record_of_somebody_elses_is_told_with_what_it_is_and_left() {
    let world = World::with(&["app.example.com"]);
    let foreign = world.foreign();
    let [_, HostState::Foreign { records, why, .. }] =
        &states(&world, &["app.example.com", "www.example.com"])[..]
    else {
        panic!("www.example.com is somebody else's");
    };
    assert_eq!((records[0].kind.as_str(), records[0].content.as_str()), ("A", "192.0.2.1"));
    assert_eq!(why, "somebody else has made it");
    assert_eq!((world.foreign(), world.writes()), (foreign, vec![]));
    let [_, HostState::Foreign { why, .. }] = &states(&world, &["app.example.com", "laptop.example.com"])[..]
    else {
        panic!("laptop.example.com is another machine's");
    };
    assert!(why.contains("ffffffff"), "{why}");
}

#[test]
fn a_record_is_taken_over_as_it_was_seen_or_not_at_all() {
    let world = World::with(&["app.example.com"]);
    let hosts = ["app.example.com", "www.example.com"];
    let seal = |world: &World| {
        let plan = world.runtime.block_on(world.engine().plan(&wanted(&hosts), Scope::Concerned)).unwrap();
        let HostPlan::Foreign { seal, .. } = plan.hosts["www.example.com"].clone() else {
            panic!("{:?}", plan.hosts)
        };
        seal
    };
    let take_over = |seal: &str| world.runtime.block_on(world.engine().take_over("www.example.com", seal));
    let seen = seal(&world);
    world
        .cloudflare
        .state()
        .records
        .iter_mut()
        .find(|record| record.name == "www.example.com")
        .unwrap()
        .content = "192.0.2.99".to_owned();
    let error = take_over(&seen).unwrap_err().to_string();
    assert!(error.contains("has changed since it was shown"), "{error}");
    take_over(&seal(&world)).unwrap();
    // Allowed, and changed before the run.
    world
        .cloudflare
        .state()
        .records
        .iter_mut()
        .find(|record| record.name == "www.example.com")
        .unwrap()
        .content = "192.0.2.100".to_owned();
    let foreign = world.foreign();
    assert!(matches!(states(&world, &hosts)[1], HostState::Foreign { .. }));
    assert_eq!(world.foreign(), foreign);
    take_over(&seal(&world)).unwrap();
    world.synced(&hosts);
    world.assert_is(&hosts);
    let plan = world.runtime.block_on(world.engine().plan(&wanted(&hosts[..1]), Scope::Concerned)).unwrap();
    assert_eq!(
        plan.steps[0].to_string(),
        "delete the DNS record of www.example.com (before KInfra's there was: A 192.0.2.100)"
    );
}

#[test]
fn a_record_that_changes_between_reading_and_replacing_is_left() {
    let world = World::with(&[]);
    let hosts = ["www.example.com"];
    let plan = world.runtime.block_on(world.engine().plan(&wanted(&hosts), Scope::Concerned)).unwrap();
    let HostPlan::Foreign { seal, .. } = &plan.hosts["www.example.com"] else { panic!("{:?}", plan.hosts) };
    world.runtime.block_on(world.engine().take_over("www.example.com", seal)).unwrap();
    world.cloudflare.after_next("PUT", CONFIGURATIONS, |state| {
        state.records.iter_mut().find(|record| record.name == "www.example.com").unwrap().content =
            "192.0.2.5".into();
    });
    assert!(matches!(states(&world, &hosts)[0], HostState::Foreign { .. }));
    assert_eq!(world.cloudflare.state().record("www.example.com").unwrap().content, "192.0.2.5");
}

#[test]
fn a_record_that_somebody_makes_between_reading_and_creating_is_left() {
    let world = World::with(&[]);
    world.cloudflare.after_next("PUT", CONFIGURATIONS, |state| {
        state.add_record("A", "new.example.com", "192.0.2.2", true);
    });
    assert!(matches!(states(&world, &["new.example.com"])[0], HostState::Foreign { .. }));
    assert_eq!(world.cloudflare.state().record("new.example.com").unwrap().content, "192.0.2.2");
    // The same, and it is what was to be made.
    let world = World::with(&[]);
    world.cloudflare.after_next("PUT", CONFIGURATIONS, |state| {
        let target = state.tunnel(TUNNEL).unwrap().target();
        state.add_record("CNAME", "new.example.com", &target, true);
        state.records.last_mut().unwrap().comment = Some(format!("KInfra {MACHINE}: shop/web"));
    });
    world.synced(&["new.example.com"]);
    world.assert_is(&["new.example.com"]);
}

#[test]
fn a_record_that_somebody_deletes_is_made_again_and_one_that_is_to_go_is_gone() {
    let world = World::with(&["app.example.com", "old.example.com"]);
    world.cloudflare.after_next("PUT", CONFIGURATIONS, |state| state.delete_records("app.example.com"));
    world.cloudflare.after_next("GET", DNS, |state| state.delete_records("old.example.com"));
    world.synced(&["app.example.com", "new.example.com"]);
    world.assert_is(&["app.example.com", "new.example.com"]);
    world
        .cloudflare
        .state()
        .records
        .retain(|record| record.name != "app.example.com" || record.kind == "TXT");
    world.synced(&["app.example.com", "new.example.com"]);
    world.assert_is(&["app.example.com", "new.example.com"]);
}

#[test]
fn a_record_that_somebody_leads_elsewhere_is_theirs_from_then_on() {
    let world = World::with(&["app.example.com", "b.example.com"]);
    let edit = |content: &str, proxied: bool| {
        let mut state = world.cloudflare.state();
        let record = state.records.iter_mut().find(|record| record.name == "b.example.com").unwrap();
        (record.content, record.proxied) = (content.to_owned(), proxied);
    };
    edit("hosting.example.net", true);
    let hosts = ["app.example.com", "b.example.com"];
    let HostState::Foreign { why, .. } = &states(&world, &hosts)[1] else { panic!("it is theirs") };
    assert!(why.contains("led it elsewhere"), "{why}");
    world.synced(&["app.example.com"]);
    assert_eq!(world.cloudflare.state().record("b.example.com").unwrap().content, "hosting.example.net");
    let target = world.cloudflare.state().tunnel(TUNNEL).unwrap().target();
    edit(&target, false);
    world.synced(&hosts);
    world.assert_is(&hosts);
}

#[test]
fn rules_that_somebody_changes_are_put_right_and_his_own_stay() {
    let world = World::with(&["app.example.com", "b.example.com"]);
    world.cloudflare.state().edit_ingress(TUNNEL, |rules| {
        rules.retain(|rule| rule["hostname"] != "b.example.com");
        rules.insert(0, json!({"hostname": "his.example.com", "service": "http://localhost:9"}));
    });
    let foreign = world.foreign();
    world.synced(&["app.example.com", "b.example.com"]);
    world.assert_is(&["app.example.com", "b.example.com"]);
    assert_eq!(world.foreign(), foreign);
}

#[test]
fn what_somebody_writes_between_reading_and_merging_is_merged() {
    let world = World::with(&["app.example.com"]);
    world.cloudflare.after_next("GET", CONFIGURATIONS, |state| {
        state.edit_ingress(TUNNEL, |rules| {
            rules.insert(0, json!({"hostname": "his.example.com", "service": "http://localhost:9"}));
        });
    });
    let outcome = world.synced(&["app.example.com", "new.example.com"]);
    assert_eq!(outcome.warnings, Vec::<String>::new());
    assert!(world.cloudflare.state().hosts(TUNNEL).contains(&"his.example.com".to_owned()));
    world.assert_is(&["app.example.com", "new.example.com"]);
}

#[test]
fn what_somebody_writes_in_the_very_moment_is_noticed_by_its_version() {
    let world = World::with(&["app.example.com"]);
    // The first read is for the plan; the second is the one that is merged.
    world.cloudflare.after_next("GET", CONFIGURATIONS, |_| {});
    world.cloudflare.after_next("GET", CONFIGURATIONS, |state| {
        state.edit_ingress(TUNNEL, |rules| {
            rules.insert(0, json!({"hostname": "his.example.com", "service": "http://localhost:9"}));
        });
    });
    let outcome = world.synced(&["app.example.com", "new.example.com"]);
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    assert!(outcome.warnings[0].contains("in the same moment"), "{:?}", outcome.warnings);
    world.assert_is(&["app.example.com", "new.example.com"]);
}

#[test]
fn somebody_who_writes_over_our_rules_is_written_after() {
    let world = World::with(&["app.example.com"]);
    world.cloudflare.after_next("PUT", CONFIGURATIONS, |state| {
        state.edit_ingress(TUNNEL, |rules| rules.retain(|rule| rule["service"] != ORIGIN));
    });
    world.synced(&["app.example.com", "new.example.com"]);
    world.assert_is(&["app.example.com", "new.example.com"]);
}

#[test]
fn a_tunnel_that_is_deleted_before_or_while_it_is_changed_is_made_anew() {
    for path in ["/accounts/*/cfd_tunnel", CONFIGURATIONS, DNS] {
        let world = World::with(&["app.example.com"]);
        world.cloudflare.after_next("GET", path, |state| state.delete_tunnel(TUNNEL));
        let outcome = world.synced(&["app.example.com", "new.example.com"]);
        assert!(!outcome.done.is_empty());
        world.assert_is(&["app.example.com", "new.example.com"]);
    }
}

#[test]
fn a_rule_of_somebody_elses_for_the_same_name_is_told_and_left() {
    let world = World::with(&["app.example.com"]);
    world.cloudflare.state().edit_ingress(TUNNEL, |rules| {
        rules.insert(0, json!({"hostname": "his.example.com", "service": "http://localhost:9"}));
    });
    let foreign = world.foreign();
    let outcome = world.sync(&wanted(&["app.example.com", "his.example.com"])).unwrap();
    assert!(
        matches!(&outcome.hosts["his.example.com"], HostState::ForeignRule { rule } if rule["service"] == "http://localhost:9")
    );
    assert!(world.cloudflare.state().record("his.example.com").is_none());
    assert_eq!(world.foreign(), foreign);
}

#[test]
fn a_record_that_is_gone_when_it_is_to_be_deleted_is_nothing_to_tell() {
    let world = World::with(&["app.example.com", "old.example.com"]);
    world.cloudflare.fault(Fault::on("DELETE", "/zones/*/dns_records/*").after().cut());
    world.cloudflare.state().requests.forget();
    let outcome = world.synced(&["app.example.com"]);
    assert_eq!(outcome.warnings, Vec::<String>::new());
    assert_eq!(outcome.done.len(), 2, "{:?}", outcome.done);
    world.assert_is(&["app.example.com"]);
}
