//! The client against the API: pages, what is deleted, what is tried again, and what is never told.

use kinfra_engine::cloudflare::{CloudflareError, RecordWish, Trouble};
use serde_json::json;

use super::world::{CONFIGURATIONS, DNS, World};
use crate::cloudflare::{Fault, Reply};

fn asked(world: &World, path: &str) -> usize {
    let state = world.cloudflare.state();
    state.requests.all().iter().filter(|request| request.path.starts_with(path)).count()
}

fn wish() -> RecordWish {
    let (name, content) = ("new.example.com".to_owned(), "x.cfargotunnel.com".to_owned());
    RecordWish { name, content, comment: "KInfra 0a1b2c3d: shop/web".to_owned() }
}

#[test]
fn all_pages_of_a_list_are_read() {
    let world = World::new();
    let zone = world.cloudflare.zone();
    {
        let mut state = world.cloudflare.state();
        for n in 0..118 {
            state.add_zone(&format!("z{n}.example"), "active");
        }
        for n in 0..2_500 {
            state.add_record("A", &format!("h{n}.example.com"), "192.0.2.1", false);
        }
        state.requests.forget();
    }
    let api = world.api();
    assert_eq!(world.runtime.block_on(api.zones()).unwrap().len(), 120);
    assert_eq!(asked(&world, "/zones?"), 3);
    let records = world.runtime.block_on(api.records(&zone)).unwrap();
    assert_eq!(
        records.len(),
        world.cloudflare.state().records.iter().filter(|record| record.zone == zone).count()
    );
    assert_eq!(asked(&world, &format!("/zones/{zone}/dns_records")), 3);
}

#[test]
fn deleted_tunnels_are_no_tunnels() {
    let world = World::new();
    let account = world.cloudflare.account();
    let (gone, there) = {
        let mut state = world.cloudflare.state();
        let gone = state.add_tunnel("twice").id;
        state.delete_tunnel("twice");
        (gone, state.add_tunnel("twice").id)
    };
    let api = world.api();
    let found = world.runtime.block_on(api.tunnels(&account, Some("twice"))).unwrap();
    assert_eq!(found.iter().map(|tunnel| tunnel.id.as_str()).collect::<Vec<_>>(), [there.as_str()]);
    let all = world.runtime.block_on(api.tunnels(&account, None)).unwrap();
    assert!(all.iter().all(|tunnel| tunnel.id != gone));
    match world.runtime.block_on(api.tunnel(&account, &gone)) {
        Ok(tunnel) => assert!(tunnel.deleted_at.is_some()),
        Err(error) => assert!(error.is_not_found(), "{error}"),
    }
}

#[test]
fn what_can_be_asked_twice_is_and_what_may_have_been_done_is_not() {
    let world = World::new();
    let (zone, account) = (world.cloudflare.zone(), world.cloudflare.account());
    let tunnel = world.cloudflare.state().tunnel("somebody's").unwrap().id.clone();
    let api = world.api();
    let fail = |method: &str, path: &str, times| {
        let page = Reply::html(503, "<html><head><title>Busy</title></head></html>");
        world.cloudflare.fault(Fault::on(method, path).times(times).answer(page))
    };
    let met = fail("GET", DNS, 2);
    world.runtime.block_on(api.records(&zone)).unwrap();
    assert_eq!(met.times(), 2);
    let met = fail("GET", DNS, 3);
    let error = world.runtime.block_on(api.records(&zone)).unwrap_err();
    assert_eq!(met.times(), 3);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot list the DNS records of the zone {zone}: Cloudflare's API has a fault of its own (HTTP status 503): Busy"
        )
    );
    let met = fail("POST", DNS, 1);
    let error = world.runtime.block_on(api.create_record(&zone, &wish())).unwrap_err();
    assert!(matches!(error.trouble, Trouble::Unavailable { status: 503, .. }), "{error}");
    assert_eq!(met.times(), 1);
    assert!(world.cloudflare.state().record("new.example.com").is_none(), "it was not sent again");
    let config = json!({"ingress": [{"service": "http_status:404"}]});
    let version = world.cloudflare.state().tunnel(&tunnel).unwrap().version;
    fail("PUT", CONFIGURATIONS, 1);
    world.runtime.block_on(api.put_configuration(&account, &tunnel, &config)).unwrap_err();
    assert_eq!(world.cloudflare.state().tunnel(&tunnel).unwrap().version, version);
}

#[test]
fn an_empty_or_a_strange_id_is_refused_before_it_is_sent() {
    let world = World::new();
    world.cloudflare.state().requests.forget();
    let api = world.api();
    for id in ["", "a/b", "..", "a b", "a?b"] {
        let error: CloudflareError =
            world.runtime.block_on(api.configuration(&world.cloudflare.account(), id)).unwrap_err();
        assert!(error.to_string().contains("is no identifier"), "{error}");
        world.runtime.block_on(api.records(id)).unwrap_err();
    }
    assert_eq!(world.cloudflare.state().requests.all(), []);
}

#[test]
fn a_record_is_made_changed_replaced_and_deleted() {
    let world = World::new();
    let zone = world.cloudflare.zone();
    let api = world.api();
    let made = world.runtime.block_on(api.create_record(&zone, &wish())).unwrap();
    assert_eq!((made.kind.as_str(), made.proxied, made.ttl), ("CNAME", true, Some(1)));
    let error = world.runtime.block_on(api.create_record(&zone, &wish())).unwrap_err();
    assert!(matches!(error.trouble, Trouble::RecordExists { .. }), "{error}");
    let other = RecordWish { content: "y.cfargotunnel.com".to_owned(), ..wish() };
    let changed = world.runtime.block_on(api.patch_record(&zone, &made.id, &other)).unwrap();
    assert_eq!((changed.id.as_str(), changed.content.as_str()), (made.id.as_str(), "y.cfargotunnel.com"));
    world.runtime.block_on(api.delete_record(&zone, &made.id, "new.example.com")).unwrap();
    let error = world.runtime.block_on(api.delete_record(&zone, &made.id, "new.example.com")).unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(world.runtime.block_on(api.records_named(&zone, "new.example.com")).unwrap(), []);
}
