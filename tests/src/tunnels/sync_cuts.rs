//! Each call of a run goes wrong in each way, before and after it took effect, or is never answered because the engine is
//! gone. Whatever came of that run: the next one ends in what is wanted, and what is somebody else's is as it was.

use kinfra_engine::tunnel_sync::{Desired, HostPlan, Scope};

use super::world::{AtOnce, SOON, TUNNEL, World, wanted};
use crate::cloudflare::{Fault, Reply};

struct Scenario {
    name: &'static str,
    start: fn() -> World,
    hosts: &'static [&'static str],
}

const SCENARIOS: [Scenario; 5] = [
    Scenario { name: "the first names", start: World::new, hosts: &["app.example.com", "*.example.org"] },
    Scenario {
        name: "other names",
        start: || World::with(&["old.example.com", "gone.example.org", "stays.example.com"]),
        hosts: &["stays.example.com", "new.example.com", "new.example.org"],
    },
    Scenario {
        name: "no names",
        start: || World::with(&["old.example.com", "gone.example.org"]),
        hosts: &[],
    },
    Scenario {
        name: "a tunnel that was deleted",
        start: || {
            let world = World::with(&["app.example.com"]);
            world.cloudflare.state().delete_tunnel(TUNNEL);
            world
        },
        hosts: &["app.example.com", "new.example.com"],
    },
    Scenario {
        name: "a record that is taken over",
        start: || {
            let world = World::with(&[]);
            world.cloudflare.state().add_record("A", "two.example.com", "192.0.2.7", true);
            world.cloudflare.state().add_record("AAAA", "two.example.com", "2001:db8::7", false);
            take_over(&world, "two.example.com");
            world
        },
        hosts: &["two.example.com"],
    },
];

fn take_over(world: &World, host: &str) {
    let sync = world.engine();
    let plan = world.runtime.block_on(sync.plan(&wanted(&[host]), Scope::Concerned)).unwrap();
    let HostPlan::Foreign { seal, .. } = &plan.hosts[host] else { panic!("{:?}", plan.hosts) };
    world.runtime.block_on(sync.take_over(host, seal)).unwrap();
}

/// What is to stay. What is taken over is not.
fn kept(world: &World) -> Vec<(String, String)> {
    world.foreign().into_iter().filter(|(_, text)| !text.contains("two.example.com")).collect()
}

/// That the next run ends in what is wanted, and the one after it has nothing to do.
fn assert_ended(scenario: &Scenario, world: &World, kept: &[(String, String)], what: &str) {
    let desired: Desired = wanted(scenario.hosts);
    world.synced(scenario.hosts);
    world.assert_is(scenario.hosts);
    assert_eq!(self::kept(world), kept, "{}: {what}", scenario.name);
    world.cloudflare.state().requests.forget();
    let again = world.sync(&desired).unwrap();
    assert_eq!((again.done, world.writes()), (vec![], vec![]), "{}: {what}", scenario.name);
}

/// How many calls it takes when nothing goes wrong.
fn calls(scenario: &Scenario) -> usize {
    let world = (scenario.start)();
    let kept = kept(&world);
    world.cloudflare.state().requests.forget();
    world.synced(scenario.hosts);
    let calls = world.cloudflare.state().requests.all().len();
    assert_ended(scenario, &world, &kept, "nothing");
    calls
}

#[test]
fn each_call_fails_once_and_everything_ends_as_it_was_wanted() {
    for scenario in &SCENARIOS {
        for call in 1..=calls(scenario) {
            for (is_after, page) in [(false, false), (true, false), (false, true), (true, true)] {
                let world = (scenario.start)();
                let kept = kept(&world);
                let fault = Fault::on("*", "/**").nth(call);
                let fault = if is_after { fault.after() } else { fault };
                let fault = if page {
                    fault.answer(Reply::html(502, "<html>Bad gateway</html>"))
                } else {
                    fault.cut()
                };
                let what = format!("call {call} fails, after its effect: {is_after}, with a page: {page}");
                let met = world.cloudflare.fault(fault);
                // It may end in an error: what counts is what the next one makes of it.
                let outcome = world.sync(&wanted(scenario.hosts));
                assert_eq!(met.times(), 1, "{}: {what}", scenario.name);
                world.assert_served();
                assert!(outcome.is_ok(), "{}: {what}: {outcome:?}", scenario.name);
                assert_ended(scenario, &world, &kept, &what);
            }
        }
    }
}

#[test]
fn the_engine_is_gone_at_each_call_and_the_next_one_finishes_what_it_began() {
    for scenario in &SCENARIOS {
        for call in 1..=calls(scenario) {
            for is_after in [false, true] {
                let world = (scenario.start)();
                let kept = kept(&world);
                let fault = Fault::on("*", "/**").nth(call).hold();
                let met = world.cloudflare.fault(if is_after { fault.after() } else { fault });
                let (sync, desired) = (world.engine(), wanted(scenario.hosts));
                let run = world.runtime.spawn(async move { sync.sync(&desired, &AtOnce::default()).await });
                met.wait(SOON);
                run.abort();
                assert!(world.runtime.block_on(run).unwrap_err().is_cancelled());
                world.assert_served();
                assert_ended(
                    scenario,
                    &world,
                    &kept,
                    &format!("gone at call {call}, after its effect: {is_after}"),
                );
            }
        }
    }
}

#[test]
fn the_engine_is_gone_and_something_else_is_wanted_then() {
    for scenario in &SCENARIOS {
        for call in 1..=calls(scenario) {
            let world = (scenario.start)();
            let kept = kept(&world);
            let met = world.cloudflare.fault(Fault::on("*", "/**").nth(call).after().hold());
            let (sync, desired) = (world.engine(), wanted(scenario.hosts));
            let run = world.runtime.spawn(async move { sync.sync(&desired, &AtOnce::default()).await });
            met.wait(SOON);
            run.abort();
            let _ = world.runtime.block_on(run);
            world.synced(&[]);
            world.assert_is(&[]);
            assert_eq!(self::kept(&world), kept, "{}: {call}", scenario.name);
        }
    }
}
