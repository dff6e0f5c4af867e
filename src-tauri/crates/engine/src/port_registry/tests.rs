use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use kinfra_rpc::{PortOrigin, PortRange, Protocol};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{InstancePorts, PortRegistry, RegistryOptions, Wanted};
use crate::smart_allocator::Ask;
use crate::store::{Claim, Reservation, Store, StoredProject};

const RANGE: PortRange = PortRange { first: 20_000, last: 28_999 };

struct Machine {
    folder: TempDir,
    range: PortRange,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), range: RANGE }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("kinfra.sqlite")
    }

    /// As an engine that starts has it.
    async fn registry(&self) -> PortRegistry {
        let (store, set_aside) = Store::open(&self.database()).unwrap();
        assert_eq!(set_aside, None);
        let options = RegistryOptions { range: self.range, reserved: vec![], ephemeral: None };
        PortRegistry::open(store, options).await.unwrap()
    }
}

fn wanted(node: &str, ask: Ask) -> Wanted {
    Wanted { node: node.to_owned(), replica: 0, name: "http".to_owned(), protocol: Protocol::Tcp, ask }
}

fn any(nodes: &[&str]) -> Vec<Wanted> {
    nodes.iter().map(|node| wanted(node, Ask::Any(None))).collect()
}

fn port(ports: &InstancePorts, node: &str) -> u16 {
    ports.nodes[node][0].port
}

#[tokio::test]
async fn ports_are_kept_by_a_later_engine_and_when_a_service_joins() {
    let machine = Machine::new();
    let first = machine.registry().await.claim("shop", any(&["api", "web"])).await.unwrap();
    let later = machine.registry().await.claim("shop", any(&["zeta", "web", "api", "alpha"])).await.unwrap();
    assert_eq!(port(&first, "api"), port(&later, "api"));
    assert_eq!(port(&first, "web"), port(&later, "web"));
    let different: BTreeSet<u16> = later.nodes.values().map(|ports| ports[0].port).collect();
    assert_eq!(different.len(), 4);
}

#[tokio::test]
async fn a_deleted_database_gives_the_same_ports_again() {
    let (one, other) = (Machine::new(), Machine::new());
    let first = one.registry().await.claim("shop", any(&["api", "web"])).await.unwrap();
    assert_eq!(other.registry().await.claim("shop", any(&["web", "api"])).await.unwrap(), first);
}

#[tokio::test]
async fn replicas_of_a_service_have_ports_of_their_own_beside_that_which_it_had_alone() {
    let replica = |replica| Wanted { replica, ..wanted("web", Ask::Any(None)) };
    let machine = Machine::new();
    let registry = machine.registry().await;
    let alone = registry.claim("shop", vec![replica(0)]).await.unwrap();
    let three = || (0..3).map(replica).collect::<Vec<_>>();
    let all = registry.claim("shop", three()).await.unwrap();
    assert_eq!(all.nodes.keys().collect::<Vec<_>>(), ["web", "web.2", "web.3"]);
    assert_eq!(port(&all, "web"), port(&alone, "web"));
    assert_eq!(registry.claim("shop", vec![replica(0)]).await.unwrap(), alone);
    assert_eq!(registry.claims().len(), 3, "those that are not asked for are kept");
    assert_eq!(machine.registry().await.claim("shop", three()).await.unwrap(), all);

    let lent = registry.lease("shop", replica(1)).await.unwrap();
    assert_eq!(port(&registry.claim("shop", three()).await.unwrap(), "web.2"), lent);
    assert!(!registry.end_leases("shop", &["web".to_owned()]), "that is another one's");
    assert!(registry.end_leases("shop", &["web.2".to_owned()]));
    let main = replica(1).key("shop");
    assert!(registry.is_main(&main) && registry.is_main(&replica(0).key("shop")));
}

#[tokio::test]
async fn several_ports_of_a_service_keep_their_order_and_udp_is_apart() {
    let machine = Machine::new();
    let registry = machine.registry().await;
    let named = |name: &str, protocol, port| Wanted {
        name: name.to_owned(),
        protocol,
        ..wanted("api", Ask::Fixed(port))
    };
    let ports = registry
        .claim("shop", vec![named("http", Protocol::Tcp, 9_000), named("dns", Protocol::Udp, 9_000)])
        .await
        .unwrap();
    let names: Vec<(&str, u16)> = ports.nodes["api"].iter().map(|port| (&*port.name, port.port)).collect();
    assert_eq!(names, [("http", 9_000), ("dns", 9_000)]);
    assert!(ports.conflicts.is_empty());
}

#[tokio::test]
async fn a_fixed_port_of_another_project_is_a_conflict_with_a_name_and_ways_out() {
    let machine = Machine::new();
    let registry = machine.registry().await;
    registry.claim("shop", vec![wanted("api", Ask::Fixed(28_123))]).await.unwrap();
    let second = registry.claim("bank", vec![wanted("core", Ask::Fixed(28_123))]).await.unwrap();
    assert!(second.nodes.is_empty());
    insta::assert_snapshot!(second.conflicts["core"].problem.to_string(), @r"
    port 28123 of core belongs to api of shop
      hint: give core another port: kinfra ports move core --project bank, or give that one another: kinfra ports move api --project shop
    ");
    let moved = registry.move_port("bank", wanted("core", Ask::Fixed(28_123)), None).await.unwrap();
    let third = registry.claim("bank", vec![wanted("core", Ask::Fixed(28_123))]).await.unwrap();
    assert_eq!(port(&third, "core"), moved, "moved for good, whatever the configuration says");
}

#[tokio::test]
async fn a_moved_port_stays_moved_and_one_for_this_time_does_not() {
    let machine = Machine::new();
    let registry = machine.registry().await;
    let api = || any(&["api"]);
    let first = port(&registry.claim("shop", api()).await.unwrap(), "api");
    let lent = registry.lease("shop", api().remove(0)).await.unwrap();
    assert_ne!(first, lent);
    assert_eq!(port(&registry.claim("shop", api()).await.unwrap(), "api"), lent);
    assert!(registry.end_leases("shop", &[]));
    assert_eq!(port(&registry.claim("shop", api()).await.unwrap(), "api"), first);
    let moved = registry.move_port("shop", api().remove(0), Some(3_000)).await.unwrap();
    assert_eq!(moved, 3_000);
    assert_eq!(port(&machine.registry().await.claim("shop", api()).await.unwrap(), "api"), 3_000);
}

#[tokio::test]
async fn two_services_of_a_project_may_exchange_their_ports() {
    let machine = Machine::new();
    let registry = machine.registry().await;
    let fixed = |api, web| vec![wanted("api", Ask::Fixed(api)), wanted("web", Ask::Fixed(web))];
    registry.claim("shop", fixed(3_000, 3_001)).await.unwrap();
    let exchanged = registry.claim("shop", fixed(3_001, 3_000)).await.unwrap();
    assert_eq!((port(&exchanged, "api"), port(&exchanged, "web")), (3_001, 3_000));
    assert_eq!(machine.registry().await.claim("shop", fixed(3_001, 3_000)).await.unwrap(), exchanged);
}

#[tokio::test]
async fn a_reserved_port_is_never_chosen_and_a_full_range_is_told() {
    let machine = Machine { range: PortRange { first: 28_001, last: 28_002 }, ..Machine::new() };
    let registry = machine.registry().await;
    let range = PortRange { first: 28_001, last: 28_001 };
    registry.reserve(Reservation { range, reason: "a printer".to_owned() }).await.unwrap();
    assert_eq!(port(&registry.claim("shop", any(&["api"])).await.unwrap(), "api"), 28_002);
    let full = registry.claim("bank", any(&["core"])).await.unwrap_err();
    insta::assert_snapshot!(full.to_string(), @r"
    no port for core: all of 28001-28002 are claimed, reserved or in use
      hint: kinfra ports shows whose they are; a range can be written in the project's ports.range
    ");
    assert_eq!(registry.claims().len(), 1, "nothing was stored of what failed");
    assert!(registry.release(range).await.unwrap());
    assert!(!registry.release(range).await.unwrap());
    assert_eq!(port(&registry.claim("bank", any(&["core"])).await.unwrap(), "core"), 28_001);
}

#[tokio::test]
async fn a_removed_project_gives_its_ports_back() {
    let machine = Machine::new();
    let registry = machine.registry().await;
    registry.claim("shop", vec![wanted("api", Ask::Fixed(3_000))]).await.unwrap();
    registry.remove("shop").await.unwrap();
    assert_eq!(registry.claims(), []);
    assert_eq!(machine.registry().await.claims(), []);
    let next = registry.claim("bank", vec![wanted("core", Ask::Fixed(3_000))]).await.unwrap();
    assert!(next.conflicts.is_empty());
}

#[tokio::test]
async fn many_claimers_at_once_get_different_ports_that_are_durable() {
    let machine = Machine::new();
    let registry = machine.registry().await;
    let claim = |number: usize| {
        let registry = registry.clone();
        let name = format!("service{number}");
        tokio::spawn(async move { port(&registry.claim("shop", any(&[&name])).await.unwrap(), &name) })
    };
    let mut ports = BTreeSet::new();
    for task in (0..64).map(claim).collect::<Vec<_>>() {
        ports.insert(task.await.unwrap());
    }
    assert_eq!(ports.len(), 64);
    let stored: BTreeSet<u16> = machine.registry().await.claims().iter().map(|claim| claim.port).collect();
    assert_eq!(stored, ports);
}

/// Something that happens to a registry.
#[derive(Debug, Clone)]
enum Step {
    Claim { instance: u8, nodes: Vec<u8>, ask: u8 },
    Move { instance: u8, node: u8, to: Option<u16> },
    Adopt { instance: u8, node: u8, port: u16 },
    Lease { instance: u8, node: u8 },
    EndLeases { instance: u8, node: u8 },
    Remove { instance: u8 },
    Reserve { port: u16 },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let (instance, node, port) = (0..3_u8, 0..5_u8, 28_000..28_012_u16);
    prop_oneof![
        6 => (instance.clone(), proptest::collection::vec(node.clone(), 1..5), 0..4_u8)
            .prop_map(|(instance, nodes, ask)| Step::Claim { instance, nodes, ask }),
        2 => (instance.clone(), node.clone(), proptest::option::of(port.clone()))
            .prop_map(|(instance, node, to)| Step::Move { instance, node, to }),
        1 => (instance.clone(), node.clone(), port.clone())
            .prop_map(|(instance, node, port)| Step::Adopt { instance, node, port }),
        1 => (instance.clone(), node.clone()).prop_map(|(instance, node)| Step::Lease { instance, node }),
        1 => (instance.clone(), node).prop_map(|(instance, node)| Step::EndLeases { instance, node }),
        1 => instance.prop_map(|instance| Step::Remove { instance }),
        1 => port.prop_map(|port| Step::Reserve { port }),
        1 => Just(Step::Reopen),
    ]
}

/// What a configuration of these tests asks for.
fn ask(kind: u8, node: u8) -> Ask {
    match kind {
        0 => Ask::Any(None),
        1 => Ask::Fixed(28_000 + u16::from(node)),
        2 => Ask::Preferred(vec![28_003, 28_004], None),
        _ => Ask::Any(PortRange::new(28_006, 28_011)),
    }
}

async fn take(registry: &mut PortRegistry, machine: &Machine, step: Step) {
    let name = |instance: u8| format!("project{instance}");
    let want = |node: u8, kind: u8| wanted(&format!("node{node}"), ask(kind, node));
    // A step may be refused, for a full range say: what counts is what holds afterwards.
    match step {
        Step::Claim { instance, nodes, ask } => {
            let nodes: BTreeSet<u8> = nodes.into_iter().collect();
            let wanted: Vec<Wanted> = nodes.into_iter().map(|node| want(node, ask)).collect();
            if let Ok(first) = registry.claim(&name(instance), wanted.clone()).await {
                let again = registry.claim(&name(instance), wanted).await.unwrap();
                assert_eq!(again, first, "a repeated claim gives the same");
            }
        }
        Step::Move { instance, node, to } => {
            drop(registry.move_port(&name(instance), want(node, 0), to).await);
        }
        Step::Adopt { instance, node, port } => {
            drop(registry.adopt(&name(instance), want(node, 0), port).await);
        }
        Step::Lease { instance, node } => drop(registry.lease(&name(instance), want(node, 0)).await),
        Step::EndLeases { instance, node } => {
            registry.end_leases(&name(instance), &[format!("node{node}")]);
        }
        Step::Remove { instance } => registry.remove(&name(instance)).await.unwrap(),
        Step::Reserve { port } => {
            let range = PortRange { first: port, last: port };
            registry.reserve(Reservation { range, reason: String::new() }).await.unwrap();
        }
        Step::Reopen => {
            let before = registry.claims();
            *registry = machine.registry().await;
            assert_eq!(registry.claims(), before, "what was answered is durable");
        }
    }
}

fn assert_one_owner_each(claims: &[Claim]) {
    let mut owners = BTreeMap::new();
    for claim in claims {
        let other = owners.insert((claim.port, claim.key.protocol), &claim.key);
        assert_eq!(other, None, "{} has two owners", claim.port);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(64), ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_no_port_has_two_owners(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let machine = Machine { range: PortRange { first: 28_000, last: 28_011 }, ..Machine::new() };
            let mut registry = machine.registry().await;
            for step in steps {
                take(&mut registry, &machine, step).await;
                assert_one_owner_each(&registry.claims());
            }
            let stored = machine.registry().await;
            assert_eq!(stored.claims(), registry.claims());
        });
    }
}

#[tokio::test]
async fn what_the_first_schema_stored_keeps_its_ports() {
    let machine = Machine::new();
    {
        let connection = rusqlite::Connection::open(machine.database()).unwrap();
        connection.execute_batch(include_str!("../store/fixtures/version_1.sql")).unwrap();
    }
    let registry = machine.registry().await;
    let ports = registry
        .claim("shop", vec![wanted("api", Ask::Any(None)), wanted("web", Ask::Fixed(3_000))])
        .await
        .unwrap();
    assert_eq!((port(&ports, "api"), port(&ports, "web")), (21_234, 3_000));
    let claim = |node| registry.get(&wanted(node, Ask::Any(None)).key("shop")).unwrap();
    assert_eq!((claim("api").origin, claim("web").origin), (PortOrigin::Hash, PortOrigin::User));
}

#[tokio::test]
async fn a_clock_that_jumps_moves_no_port_and_no_name() {
    let machine = Machine::new();
    let project = |slug: &str| StoredProject {
        slug: slug.to_owned(),
        name: "shop".to_owned(),
        folder: format!("/home/me/{slug}").into(),
    };
    let (store, _) = Store::open(&machine.database()).unwrap();
    store.add_project(project("shop"), u64::MAX / 4).await.unwrap();
    store.add_project(project("fix.shop"), 5).await.unwrap();
    let registry = machine.registry().await;
    let first = registry.claim("shop", any(&["api"])).await.unwrap();
    let second = registry.claim("fix.shop", any(&["api"])).await.unwrap();
    assert_ne!(first, second);

    let (store, _) = Store::open(&machine.database()).unwrap();
    let folders: BTreeMap<_, _> =
        store.projects().await.unwrap().into_iter().map(|known| (known.slug, known.folder)).collect();
    assert_eq!(folders["shop"], PathBuf::from("/home/me/shop"), "the first one is the main one for good");
    let registry = machine.registry().await;
    assert_eq!(registry.claim("fix.shop", any(&["api"])).await.unwrap(), second);
    assert_eq!(registry.claim("shop", any(&["api"])).await.unwrap(), first);
}
