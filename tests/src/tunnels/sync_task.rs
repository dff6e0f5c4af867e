//! The task that owns the runs of an account.

use std::sync::Arc;
use std::time::Duration;

use kinfra_engine::cloudflare::Trouble;
use kinfra_engine::tunnel_sync::{HostState, SyncError, SyncStanding, Syncer};
use tokio::time::timeout;

use super::world::{AtOnce, Down, SOON, TUNNEL, World, wanted};
use crate::cloudflare::{Fault, Reply};

fn start(world: &World) -> Syncer {
    let _inside = world.runtime.enter();
    Syncer::start(world.engine(), Arc::new(AtOnce::default()), world.clock.clone(), None)
}

#[track_caller]
fn until(world: &World, syncer: &Syncer, is: impl FnMut(&SyncStanding) -> bool) -> SyncStanding {
    let mut standing = syncer.standing();
    let waited = world
        .runtime
        .block_on(async { timeout(SOON, standing.wait_for(is)).await.map(|found| found.unwrap().clone()) });
    waited.unwrap_or_else(|_| panic!("in vain: {:?}", syncer.standing().borrow()))
}

fn is_synced(standing: &SyncStanding, host: &str) -> bool {
    let outcome = standing.outcome.as_ref();
    !standing.is_running && outcome.is_some_and(|outcome| outcome.hosts.get(host) == Some(&HostState::Synced))
}

#[test]
fn what_is_wanted_while_a_run_is_on_its_way_is_one_more_run() {
    let world = World::new();
    let met = world.cloudflare.fault(Fault::on("GET", "/zones").hold());
    let syncer = start(&world);
    syncer.want(wanted(&["a.example.com"]));
    met.wait(SOON);
    for host in ["b.example.com", "c.example.com", "d.example.com"] {
        syncer.want(wanted(&[host]));
    }
    met.release();
    let standing = until(&world, &syncer, |standing| is_synced(standing, "d.example.com"));
    assert_eq!(standing.runs, 2);
    world.assert_is(&["d.example.com"]);
    syncer.want(wanted(&["d.example.com"]));
    syncer.nudge();
    let standing = until(&world, &syncer, |standing| standing.runs == 3);
    assert_eq!(standing.outcome.unwrap().done, Vec::<String>::new());
}

#[test]
fn a_block_of_cloudflares_is_waited_out_without_a_request() {
    let world = World::new();
    let mut reply = Reply::text(429, "error code: 1015");
    reply.headers.push(("retry-after", "1".to_owned()));
    world.cloudflare.state().requests.forget();
    world.cloudflare.fault(Fault::on("PUT", "/**").answer(reply));
    let syncer = start(&world);
    syncer.want(wanted(&["a.example.com"]));
    let standing = until(&world, &syncer, |standing| standing.error.is_some());
    let Some(SyncError::Cloudflare(error)) = standing.error.as_deref() else { panic!("{standing:?}") };
    let Trouble::RateLimited { until: end } = error.trouble else { panic!("{error}") };
    assert_eq!(standing.next, Some(end));
    let sent = world.cloudflare.state().requests.all().len();
    syncer.want(wanted(&["b.example.com"]));
    assert_eq!(world.cloudflare.state().requests.all().len(), sent, "nothing is sent while it is blocked");
    let standing = until(&world, &syncer, |standing| is_synced(standing, "b.example.com"));
    assert!(world.clock.now() >= end);
    assert_eq!(standing.runs, 2, "nothing was even tried meanwhile");
    world.assert_is(&["b.example.com"]);
}

#[test]
fn over_the_limit_nothing_is_sent_for_the_time_that_cloudflare_names() {
    let world = World::new();
    let (client, token) = (world.client(), world.cloudflare.token());
    let api = || client.with(kinfra_engine::cloudflare::ApiToken::parse(&token).ok().unwrap());
    world.cloudflare.state().rate.limit = 0;
    let error = world.runtime.block_on(api().zones()).unwrap_err();
    let Trouble::RateLimited { until } = error.trouble else { panic!("{error}") };
    let left = until - world.clock.now();
    assert!((290_000..=301_000).contains(&left), "{left}");
    let sent = world.cloudflare.state().requests.all().len();
    let error = world.runtime.block_on(api().accounts()).unwrap_err();
    assert_eq!(error.trouble, Trouble::RateLimited { until });
    assert_eq!((api().blocked_until(), world.cloudflare.state().requests.all().len()), (Some(until), sent));
    let other = world.cloudflare.add_token(crate::cloudflare::Token::of_a_user);
    world.cloudflare.state().rate.limit = 9;
    let other = client.with(kinfra_engine::cloudflare::ApiToken::parse(&other).ok().unwrap());
    assert_eq!(world.runtime.block_on(other.zones()).unwrap().len(), 2, "another token is not blocked");
}

#[test]
fn what_may_pass_is_tried_again_and_what_may_not_is_left() {
    let world = World::new();
    let met = world.cloudflare.fault(Fault::on("GET", "/zones").times(3).answer(Reply::text(503, "busy")));
    let syncer = start(&world);
    syncer.want(wanted(&["a.example.com"]));
    let standing = until(&world, &syncer, |standing| standing.runs == 1);
    assert!(standing.error.is_some() && standing.next.is_some());
    until(&world, &syncer, |standing| is_synced(standing, "a.example.com"));
    assert_eq!(met.times(), 3);
    syncer.want(wanted(&["www.example.com"]));
    let standing = until(&world, &syncer, |standing| {
        standing.outcome.as_ref().is_some_and(|outcome| outcome.hosts.contains_key("www.example.com"))
    });
    assert_eq!(standing.next, None, "only a person can change that");
}

#[test]
fn a_connector_that_comes_up_is_a_reason_to_look_again() {
    let world = World::new();
    let syncer = {
        let _inside = world.runtime.enter();
        Syncer::start(world.engine(), Arc::new(Down), world.clock.clone(), None)
    };
    syncer.want(wanted(&["a.example.com"]));
    let standing = until(&world, &syncer, |standing| standing.runs == 1);
    let tunnel = standing.outcome.unwrap().tunnel.unwrap();
    assert_eq!(tunnel.name, TUNNEL, "what the connector has to run is there");
    syncer.nudge();
    until(&world, &syncer, |standing| standing.runs >= 2);
    drop(syncer);
    let syncer = start(&world);
    syncer.want(wanted(&["a.example.com"]));
    until(&world, &syncer, |standing| is_synced(standing, "a.example.com"));
}

#[test]
fn what_somebody_changes_is_found_by_looking_again() {
    let world = World::new();
    let syncer = {
        let _inside = world.runtime.enter();
        let again = Some(Duration::from_millis(50));
        Syncer::start(world.engine(), Arc::new(AtOnce::default()), world.clock.clone(), again)
    };
    syncer.want(wanted(&["a.example.com"]));
    until(&world, &syncer, |standing| is_synced(standing, "a.example.com"));
    world.cloudflare.state().delete_records("a.example.com");
    world.cloudflare.state().edit_ingress(TUNNEL, |rules| rules.retain(|rule| rule["hostname"].is_null()));
    let is_back = |standing: &SyncStanding| {
        standing.outcome.as_ref().is_some_and(|outcome| outcome.done.len() == 2) && !standing.is_running
    };
    until(&world, &syncer, is_back);
    world.assert_is(&["a.example.com"]);
    syncer.want(wanted(&[]));
    let standing = until(&world, &syncer, |standing| {
        !standing.is_running && standing.outcome.as_ref().is_some_and(|outcome| outcome.hosts.is_empty())
    });
    assert_eq!(standing.next, None, "where nothing is public nothing is looked for");
}
