//! A machine alone with Cloudflare.

use std::collections::BTreeSet;

use kinfra_engine::cloudflare::Trouble;
use kinfra_engine::tunnel_sync::{AdoptionWish, HostState, Leftover, Scope, SyncError, TunnelFile};
use serde_json::json;

use super::world::{AtOnce, CONFIGURATIONS, DNS, Down, MACHINE, ORIGIN, TUNNEL, World, wanted};
use crate::cloudflare::{Connection, Fault};

#[test]
fn names_of_two_zones_are_rules_first_and_records_last() {
    let world = World::new();
    let connector = AtOnce::default();
    let hosts = ["app.example.com", "*.example.com", "shop.example.org"];
    world.cloudflare.state().requests.forget();
    let outcome = world.sync_by(&wanted(&hosts), &connector).unwrap();
    world.assert_is(&hosts);
    let tunnel = outcome.tunnel.unwrap();
    assert_eq!((tunnel.name.as_str(), tunnel.version), (TUNNEL, 1));
    assert_eq!(*connector.0.lock().unwrap(), [(tunnel.id.clone(), 1)]);
    let state = world.cloudflare.state();
    assert_eq!(state.tunnel(TUNNEL).unwrap().config_src, "cloudflare");
    assert_eq!(state.hosts(TUNNEL), ["app.example.com", "shop.example.org", "*.example.com"]);
    let comment = state.records.iter().find(|record| record.name == "*.example.com").unwrap().comment.clone();
    assert_eq!(comment.as_deref(), Some("KInfra 0a1b2c3d: shop/web"));
    let methods: Vec<&str> = state.requests.writes().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["POST", "PUT", "POST", "POST", "POST"]);
}

#[test]
fn a_plan_changes_nothing_and_is_what_is_done_then() {
    let world = World::with(&["old.example.com"]);
    let desired = wanted(&["new.example.com"]);
    let plan = world.runtime.block_on(world.engine().plan(&desired, Scope::Concerned)).unwrap();
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(world.writes(), Vec::<String>::new());
    let expected = [
        "delete the DNS record of old.example.com",
        "change the tunnel's rules: add new.example.com; remove old.example.com",
        "create the DNS record of new.example.com for shop/web",
    ];
    assert_eq!(steps, expected);
    assert_eq!(world.sync(&desired).unwrap().done, steps);
}

#[test]
fn one_name_among_five_hundred_changes_with_one_put() {
    let world = World::new();
    let mut names: Vec<String> = (0..500).map(|n| format!("h{n}.example.com")).collect();
    {
        // As a run would have left it: made at once, for making five hundred records one by one takes its time.
        world.synced(&["h0.example.com"]);
        let mut state = world.cloudflare.state();
        state.rate.limit = 100_000;
        let target = state.tunnel(TUNNEL).unwrap().target();
        for name in &names[1..] {
            state.add_record("CNAME", name, &target, true);
            state.records.last_mut().unwrap().comment = Some(format!("KInfra {MACHINE}: shop/web"));
        }
        state.edit_ingress(TUNNEL, |rules| {
            let ours = names[1..].iter().map(|name| json!({"hostname": name, "service": ORIGIN}));
            rules.splice(1..1, ours);
        });
        state.requests.forget();
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(world.synced(&all).done, Vec::<String>::new());
    names[250] = "new.example.com".to_owned();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let foreign = world.foreign();
    world.cloudflare.state().requests.forget();
    world.synced(&all);
    let methods: Vec<String> =
        world.cloudflare.state().requests.writes().map(|request| request.method.clone()).collect();
    assert_eq!(methods, ["DELETE", "PUT", "POST"]);
    world.assert_is(&all);
    assert_eq!(world.foreign(), foreign);
}

#[test]
fn no_record_leads_visitors_to_a_connector_that_is_not_there() {
    let world = World::with(&["old.example.com"]);
    let outcome = world.sync_by(&wanted(&["new.example.com"]), &Down).unwrap();
    let waiting = HostState::Waiting { why: "cloudflared isn't connected".to_owned() };
    assert_eq!(outcome.hosts["new.example.com"], waiting);
    assert!(outcome.is_unfinished());
    let state = world.cloudflare.state();
    assert!(state.record("old.example.com").is_none() && state.record("new.example.com").is_none());
    drop(state);
    world.synced(&["new.example.com"]);
    world.assert_is(&["new.example.com"]);
}

#[test]
fn a_name_without_a_zone_is_told_and_keeps_nobody_waiting() {
    let world = World::new();
    let outcome = world.sync(&wanted(&["app.example.net", "app.example.com", "a.b.example.com"])).unwrap();
    assert_eq!(outcome.hosts["app.example.net"], HostState::NoZone);
    assert_eq!(outcome.hosts["app.example.com"], HostState::Synced);
    assert!(
        outcome.warnings.iter().any(|warning| warning.contains("*.b.example.com")),
        "{:?}",
        outcome.warnings
    );
    let nothing = World::new();
    nothing.cloudflare.state().requests.forget();
    nothing.sync(&wanted(&["app.example.net"])).unwrap();
    assert_eq!(nothing.writes(), Vec::<String>::new());
}

#[test]
fn a_record_that_is_refused_fails_alone() {
    let world = World::new();
    let full = json!({"success": false, "errors": [{"code": 81045, "message": "Record quota exceeded."}], "result": null});
    let reply = crate::cloudflare::Reply::json(400, &full);
    world.cloudflare.fault(Fault::on("POST", DNS).times(9).answer(reply));
    let outcome = world.sync(&wanted(&["a.example.com"])).unwrap();
    let HostState::Failed { error } = &outcome.hosts["a.example.com"] else { panic!("{outcome:?}") };
    assert_eq!(
        error,
        "cannot create the DNS record of a.example.com: Cloudflare refuses: Record quota exceeded. (81045)"
    );
    world.assert_served();
}

#[test]
fn a_tunnel_that_has_this_machines_name_is_taken_up() {
    let world = World::new();
    let made = world.cloudflare.state().add_tunnel(TUNNEL).id;
    let outcome = world.synced(&["app.example.com"]);
    assert_eq!(outcome.tunnel.unwrap().id, made);
    world.assert_is(&["app.example.com"]);
}

#[test]
fn a_name_that_is_taken_while_the_tunnel_is_made_is_ours_or_another_one_is_used() {
    for is_local in [false, true] {
        let world = World::new();
        world.cloudflare.after_next("GET", "/accounts/*/cfd_tunnel", move |state| {
            state.add_tunnel(TUNNEL);
            if is_local {
                state.tunnel_mut(TUNNEL).config_src = "local".to_owned();
            }
        });
        let outcome = world.synced(&["app.example.com"]);
        let expected = if is_local { "kinfra-desk-0a1b2c3d-2" } else { TUNNEL };
        assert_eq!(outcome.tunnel.unwrap().name, expected);
        assert_eq!(world.sync(&wanted(&["app.example.com"])).unwrap().tunnel.unwrap().name, expected);
        let tunnels = world.cloudflare.state().tunnels.len();
        assert_eq!(tunnels, if is_local { 4 } else { 3 });
    }
}

#[test]
fn a_tunnel_is_deleted_with_the_connections_of_its_own_connector_only() {
    let world = World::with(&["app.example.com"]);
    let sync = world.engine();
    let error = world.runtime.block_on(sync.delete_tunnel(None)).unwrap_err().to_string();
    assert!(error.contains("app.example.com"), "{error}");
    world.synced(&[]);
    assert!(world.cloudflare.state().tunnel(TUNNEL).unwrap().deleted_at.is_none(), "it costs nothing");
    let connect = |connector: &str| {
        let mut state = world.cloudflare.state();
        let (tunnel, opened_at) = (state.tunnel(TUNNEL).unwrap().id.clone(), state.now());
        state.connections.push(Connection {
            id: format!("{connector} 0"),
            tunnel,
            connector: connector.to_owned(),
            index: 0,
            version: "2026.8.2".to_owned(),
            protocol: "quic".to_owned(),
            opened_at,
            config_version: 1,
        });
    };
    connect("11111111-ours");
    connect("22222222-theirs");
    let error = world.runtime.block_on(sync.delete_tunnel(Some("11111111-ours"))).unwrap_err().to_string();
    assert!(error.contains("22222222-theirs"), "{error}");
    assert_eq!(world.cloudflare.state().connections.len(), 2);
    let error = world.runtime.block_on(sync.delete_tunnel(None)).unwrap_err();
    assert!(
        matches!(&error, SyncError::Cloudflare(error) if matches!(error.trouble, Trouble::HasConnections { .. }))
    );
    world.cloudflare.state().connections.pop();
    world.runtime.block_on(sync.delete_tunnel(Some("11111111-ours"))).unwrap();
    assert!(world.cloudflare.state().tunnel(TUNNEL).unwrap().deleted_at.is_some());
    world.synced(&["app.example.com"]);
    world.assert_is(&["app.example.com"]);
}

#[test]
fn what_was_left_over_anywhere_is_found_and_what_is_anothers_is_deleted_on_request_only() {
    let world = World::with(&["app.example.com"]);
    let forgotten = {
        let mut state = world.cloudflare.state();
        state.add_zone("example.net", "active");
        let target = state.tunnel(TUNNEL).unwrap().target();
        state.add_record("CNAME", "lost.example.net", &target, true);
        state.records.last_mut().unwrap().comment = Some(format!("KInfra {MACHINE}: old/project"));
        state.record("laptop.example.com").unwrap().id.clone()
    };
    let desired = wanted(&["app.example.com"]);
    world.synced(&["app.example.com"]);
    assert!(world.cloudflare.state().record("lost.example.net").is_some(), "nobody knows of that zone");
    let doctor = world.runtime.block_on(world.engine().plan(&desired, Scope::Everything)).unwrap();
    assert_eq!(doctor.steps[0].to_string(), "delete the DNS record of lost.example.net");
    let sweep = |also: &[&str]| {
        let also: BTreeSet<String> = also.iter().map(|id| (*id).to_owned()).collect();
        world.runtime.block_on(world.engine().sweep(&desired, &AtOnce::default(), &also)).unwrap()
    };
    let swept = sweep(&[]);
    assert!(world.cloudflare.state().record("lost.example.net").is_none());
    assert!(world.cloudflare.state().record("laptop.example.com").is_some());
    let names: Vec<String> = swept.outcome.leftovers.iter().map(name_of).collect();
    assert_eq!(names, ["laptop.example.com", "kinfra-laptop-ffffffff"]);
    let tunnel = swept.outcome.leftovers[1].id().to_owned();
    let swept = sweep(&[&forgotten, &tunnel, "nonsense"]);
    assert_eq!(swept.deleted, ["the DNS record of laptop.example.com", "the tunnel kinfra-laptop-ffffffff"]);
    assert_eq!(swept.refused, ["nonsense is none of what was left over"]);
    assert!(world.cloudflare.state().record("laptop.example.com").is_none());
    assert!(world.cloudflare.state().tunnel("somebody's").unwrap().deleted_at.is_none());
    world.assert_is(&["app.example.com"]);
}

fn name_of(leftover: &Leftover) -> String {
    match leftover {
        Leftover::Record { record, .. } => record.name.clone(),
        Leftover::Tunnel { name, .. } => name.clone(),
    }
}

#[test]
fn a_tunnel_and_its_records_are_adopted_under_their_names() {
    let world = World::with(&["mine.example.com"]);
    let (id, record) = {
        let mut state = world.cloudflare.state();
        let tunnel = state.add_tunnel("example-unified");
        for name in ["shop.example.org", "idle.example.org", "other.example.org"] {
            state.add_record("CNAME", name, &tunnel.target(), true);
        }
        state.edit_ingress("example-unified", |rules| {
            for name in ["other.example.org", "idle.example.org", "shop.example.org"] {
                rules.insert(0, json!({"hostname": name, "service": "http://127.0.0.1:8080"}));
            }
        });
        (tunnel.id, state.record("shop.example.org").unwrap().id.clone())
    };
    let wish = AdoptionWish {
        tunnel: id.clone(),
        hostnames: ["shop.example.org", "idle.example.org", "mine.example.com"].map(str::to_owned).into(),
        migrate: None,
    };
    let adopted = world.runtime.block_on(world.engine().adopt(&wish)).unwrap();
    assert_eq!(
        (adopted.name.as_str(), adopted.records),
        ("example-unified", vec!["idle.example.org".into(), "shop.example.org".into()])
    );
    assert!(adopted.warnings[0].contains("mine.example.com"), "{:?}", adopted.warnings);
    let outcome = world.synced(&["shop.example.org", "mine.example.com"]);
    assert_eq!(outcome.tunnel.unwrap().id, id);
    let state = world.cloudflare.state();
    assert_eq!(state.record("shop.example.org").unwrap().id, record, "it is the same record");
    let target = state.tunnel("example-unified").unwrap().target();
    assert_eq!(state.record("mine.example.com").unwrap().content, target, "what was ours has moved there");
    assert_eq!(state.record("idle.example.org").unwrap().comment, None);
    let rules = state.tunnel("example-unified").unwrap().configuration.clone().unwrap()["ingress"].clone();
    let expected = json!([
        {"hostname": "shop.example.org", "service": ORIGIN},
        {"hostname": "idle.example.org", "service": "http://127.0.0.1:8080"},
        {"hostname": "other.example.org", "service": "http://127.0.0.1:8080"},
        {"hostname": "mine.example.com", "service": ORIGIN},
        {"service": "http_status:404"},
    ]);
    assert_eq!(rules, expected);
}

#[test]
fn a_tunnel_that_a_file_configures_is_migrated_on_the_users_word_only() {
    let world = World::new();
    let id = {
        let mut state = world.cloudflare.state();
        let tunnel = state.add_tunnel("example-unified");
        state.tunnel_mut(&tunnel.id).config_src = "local".to_owned();
        state.add_record("CNAME", "shop.example.org", &tunnel.target(), true);
        state.requests.forget();
        tunnel.id
    };
    let mut wish =
        AdoptionWish { tunnel: id, hostnames: ["shop.example.org".to_owned()].into(), migrate: None };
    let adopt = |wish: &AdoptionWish| world.runtime.block_on(world.engine().adopt(wish));
    let error = adopt(&wish).unwrap_err().to_string();
    assert!(error.contains("configured by a file") && world.writes().is_empty(), "{error}");
    let rules = vec![json!({"hostname": "shop.example.org", "service": "http://127.0.0.1:8080"})];
    let file = |tunnel: &str, rules| TunnelFile { path: "/x.yml".into(), tunnel: tunnel.to_owned(), rules };
    let refused = Err("one of its rules has `originRequest`".to_owned());
    wish.migrate = Some(vec![file("other", Ok(vec![])), file("example-unified", refused)]);
    let error = adopt(&wish).unwrap_err().to_string();
    assert!(error.contains("/x.yml says: one of its rules") && world.writes().is_empty(), "{error}");
    // By its name as well.
    wish.tunnel = "example-unified".to_owned();
    wish.migrate = Some(vec![file("other", Ok(vec![])), file("example-unified", Ok(rules))]);
    let error = adopt(&wish).unwrap_err().to_string();
    assert!(error.contains("still has it configured by a file"), "{error}");
    world.cloudflare.after_next("PUT", CONFIGURATIONS, |state| {
        state.tunnel_mut("example-unified").config_src = "cloudflare".to_owned();
    });
    assert_eq!(adopt(&wish).unwrap().records, ["shop.example.org"]);
    world.synced(&["shop.example.org"]);
    assert_eq!(world.cloudflare.state().hosts("example-unified"), ["shop.example.org"]);
}
