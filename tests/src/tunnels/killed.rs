//! The engine is killed at each call of an add and of a removal, before that took effect and after. The next one ends in
//! what the configuration says, and what is somebody else's is as it was.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::Duration;

use kinfra_rpc::TunnelStatus;

use crate::cloudflare::{Fault, Logged, Record, Shared};
use crate::dice::Dice;
use crate::{bin, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(60);

const FEW: [&str; 1] = ["stays.example.com"];
const MANY: [&str; 3] = ["stays.example.com", "comes.example.com", "*.comes.example.com"];

fn configuration(hosts: &[&str]) -> String {
    let quoted: Vec<String> = hosts.iter().map(|host| format!("'{host}'")).collect();
    format!(
        "project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    public: [{}]\n",
        quoted.join(", ")
    )
}

fn is_ours(record: &Record) -> bool {
    record.comment.as_deref().is_some_and(|comment| comment.starts_with("KInfra "))
}

/// What is somebody else's, all of it.
fn foreign(shop: &Shared) -> String {
    let state = shop.cloudflare.state();
    let records: Vec<_> = state.records.iter().filter(|record| !is_ours(record)).collect();
    format!("{records:#?}, {:#?}", state.tunnel("somebody's"))
}

/// What is different from what is wanted, none when all is as it should be.
fn difference(shop: &Shared, hosts: &[&str]) -> Option<String> {
    let wanted: BTreeSet<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let state = shop.cloudflare.state();
    let tunnels: Vec<_> =
        state.tunnels.iter().filter(|it| it.name != "somebody's" && it.deleted_at.is_none()).collect();
    let [tunnel] = tunnels[..] else { return Some(format!("{} tunnels of this machine", tunnels.len())) };
    let records: Vec<_> = state.records.iter().filter(|record| is_ours(record)).collect();
    if let Some(astray) = records.iter().find(|record| record.content != tunnel.target()) {
        return Some(format!("{} leads to {}", astray.name, astray.content));
    }
    let names: Vec<&String> = records.iter().map(|record| &record.name).collect();
    if names.len() != wanted.len() || !names.iter().all(|name| wanted.contains(*name)) {
        return Some(format!("the records are {names:?}"));
    }
    let rules: BTreeSet<String> = state.hosts(&tunnel.id).into_iter().collect();
    (rules != wanted).then(|| format!("the rules are for {rules:?}"))
}

fn apply(shop: &Shared, hosts: &[&str]) -> Child {
    let text = configuration(hosts).replace("MISBEHAVE", &bin("misbehave").to_string_lossy());
    std::fs::write(shop.folder().join("kinfra.yaml"), text).unwrap();
    shop.project.command(&["apply"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until each name is public and everything is at rest.
#[track_caller]
fn settle(shop: &Shared, hosts: &[&str]) {
    shop.wait_for_node("web", "public", |node| {
        node.exposures.len() == hosts.len()
            && node.exposures.iter().all(|it| it.status == TunnelStatus::Healthy)
    });
    wait_for("what is wanted to be there", SOON, || difference(shop, hosts).is_none().then_some(()));
}

/// How many calls it takes to come from one to the other when nothing goes wrong, up to the last that changes something:
/// how often the engine looks whether all is well after it, and whether anybody still waits for that, is left to chance.
fn calls(shop: &Shared, hosts: &[&str]) -> usize {
    shop.cloudflare.state().requests.forget();
    let mut applied = apply(shop, hosts);
    settle(shop, hosts);
    applied.wait().unwrap();
    let state = shop.cloudflare.state();
    let last = state.requests.all().iter().rposition(Logged::is_write);
    last.expect("a call that changes something") + 1
}

/// Whether there was such a call.
fn killed_at(shop: &Shared, hosts: &[&str], call: usize, is_after: bool) -> bool {
    let foreign_before = foreign(shop);
    let fault = Fault::on("*", "/**").nth(call).hold();
    let met = shop.cloudflare.fault(if is_after { fault.after() } else { fault });
    let mut applied = apply(shop, hosts);
    wait_until("the call, or the end", SOON, || {
        met.times() > 0 || (difference(shop, hosts).is_none() && applied.try_wait().unwrap().is_some())
    });
    let was_met = met.times() > 0;
    shop.kill("kinfra host");
    met.release();
    applied.wait().unwrap();
    shop.up();
    settle(shop, hosts);
    let answer = shop.cloudflare.visit(hosts[0], "/").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(foreign(shop), foreign_before, "call {call}, after: {is_after}");
    was_met
}

/// Kills at some of the calls, or at each.
fn kill(at_most: usize) {
    let mut dice = Dice::new();
    let shop = Shared::with_account(&configuration(&FEW));
    {
        let mut state = shop.cloudflare.state();
        // Nobody else has so many engines within five minutes.
        state.rate.limit = 100_000;
        let theirs = state.add_tunnel("somebody's").target();
        state.add_record("CNAME", "blog.example.com", &theirs, true);
        state.add_record("TXT", "comes.example.com", "a text beside it", false);
    }
    settle(&shop, &FEW);
    let (adding, removing) = (calls(&shop, &MANY), calls(&shop, &FEW));
    println!("{adding} calls to add two names, {removing} to remove them");
    let mut cases: Vec<(usize, bool)> =
        (1..=adding.max(removing)).flat_map(|call| [(call, false), (call, true)]).collect();
    while cases.len() > at_most {
        cases.swap_remove(dice.throw(cases.len()));
    }
    let mut met = 0;
    for &(call, is_after) in &cases {
        println!("killed at call {call}, after its effect: {is_after}");
        met += usize::from(killed_at(&shop, &MANY, call.min(adding), is_after));
        met += usize::from(killed_at(&shop, &FEW, call.min(removing), is_after));
    }
    let kills = 2 * cases.len();
    println!("killed in the midst of {met} calls of {kills}");
    assert!(4 * met >= 3 * kills, "only {met} calls of {kills} were met");
}

#[test]
fn a_killed_engine_is_followed_by_one_that_finishes_what_it_began() {
    kill(4);
}

#[test]
#[ignore = "deep"]
fn an_engine_that_is_killed_at_any_call_is_followed_by_one_that_finishes_what_it_began() {
    kill(usize::MAX);
}
