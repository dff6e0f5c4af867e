use std::collections::BTreeSet;

use kinfra_rpc::{PortOrigin, PortRange, Protocol};
use proptest::prelude::*;

use super::{Ask, Choice, Ground, PortSet, Stored, Wish, choose};
use crate::store::ClaimKey;

const RANGE: PortRange = PortRange { first: 20_000, last: 28_999 };
const EPHEMERAL: PortRange = PortRange { first: 32_768, last: 60_999 };

fn wish(node: &str, ask: Ask) -> Wish {
    let key = ClaimKey {
        instance: "shop".into(),
        node: node.into(),
        replica: 0,
        name: "http".into(),
        protocol: Protocol::Tcp,
    };
    Wish { key, ask, stored: None }
}

fn any(node: &str) -> Wish {
    wish(node, Ask::Any(None))
}

fn having(wish: Wish, port: u16, asked: &Ask) -> Wish {
    let stored = Stored { port, origin: PortOrigin::Hash, asked: Some(asked.to_string()) };
    Wish { stored: Some(stored), ..wish }
}

fn ground() -> Ground<'static> {
    Ground { taken: PortSet::default(), range: RANGE, reserved: &[], ephemeral: Some(EPHEMERAL) }
}

/// A machine where somebody has claimed TCP port 3000.
fn without_3000() -> Ground<'static> {
    Ground { taken: [(3000, Protocol::Tcp)].into_iter().collect(), ..ground() }
}

/// On a machine where nothing is taken or busy.
fn choices(wishes: Vec<Wish>) -> Vec<(String, Choice)> {
    let chosen = choose(wishes, ground(), |_, _| true);
    let mut choices: Vec<_> = chosen.into_iter().map(|chosen| (chosen.key.node, chosen.choice)).collect();
    choices.sort_by(|one, other| one.0.cmp(&other.0));
    choices
}

fn choice(wish: Wish) -> Choice {
    choices(vec![wish]).remove(0).1
}

fn ports(wishes: Vec<Wish>) -> Vec<Option<u16>> {
    choices(wishes).into_iter().map(|(_, choice)| choice.port()).collect()
}

#[test]
fn the_hash_is_pinned() {
    let expected = [Some(23_828), Some(25_953), Some(26_346)];
    assert_eq!(ports(vec![any("store"), any("api"), any("web")]), expected);
}

#[test]
fn each_part_of_a_key_is_pinned() {
    let key = any("api").key;
    let keys = [
        ClaimKey { instance: "fix-login.shop".into(), ..key.clone() },
        ClaimKey { replica: 1, ..key.clone() },
        ClaimKey { name: "metrics".into(), ..key.clone() },
        ClaimKey { protocol: Protocol::Udp, ..key },
    ];
    let ports = keys.map(|key| choice(Wish { key, ask: Ask::Any(None), stored: None }).port());
    assert_eq!(ports, [Some(27_723), Some(24_359), Some(21_289), Some(20_792)]);
}

#[test]
fn the_order_of_the_file_moves_no_port() {
    let names = ["web", "api", "store", "db", "mail"];
    let forward = ports(names.iter().map(|name| any(name)).collect());
    let backward = ports(names.iter().rev().map(|name| any(name)).collect());
    assert_eq!(forward, backward);
}

#[test]
fn a_stored_port_is_kept_although_it_is_busy() {
    let chosen = choose(vec![having(any("api"), 20_001, &Ask::Any(None))], ground(), |_, _| false);
    assert_eq!(chosen[0].choice, Choice::Kept(20_001));
}

#[test]
fn a_port_that_was_moved_stays_until_the_configuration_asks_for_something_else() {
    let fixed = Ask::Fixed(3000);
    let moved = |ask: &Ask| choice(having(wish("web", ask.clone()), 3001, &fixed));
    assert_eq!(moved(&fixed), Choice::Kept(3001));
    assert_eq!(moved(&Ask::Fixed(3002)), Choice::New(3002, PortOrigin::User));
    assert_eq!(moved(&Ask::Any(None)), Choice::Kept(3001), "nothing speaks against it");
}

#[test]
fn a_range_that_is_written_later_counts_and_a_user_s_default_does_not() {
    let ask = Ask::Any(PortRange::new(8000, 8999));
    let before = having(wish("api", ask.clone()), 23_828, &Ask::Any(None));
    let Choice::New(port, PortOrigin::Hash) = choice(before) else { panic!("it has to move") };
    assert!((8000..=8999).contains(&port), "{port}");
    assert_eq!(choice(having(wish("api", ask.clone()), 8123, &Ask::Any(None))), Choice::Kept(8123));
    let ground = Ground { range: PortRange { first: 10_000, last: 10_999 }, ..ground() };
    let chosen = choose(vec![having(any("api"), 23_828, &Ask::Any(None))], ground, |_, _| true);
    assert_eq!(chosen[0].choice, Choice::Kept(23_828));
}

#[test]
fn of_preferred_ports_the_first_that_can_be_had_is_taken_and_then_kept() {
    let ask = Ask::Preferred(vec![3000, 3001, 3002], None);
    let chosen = choose(vec![wish("web", ask.clone())], without_3000(), |port, _| port != 3001);
    assert_eq!(chosen[0].choice, Choice::New(3002, PortOrigin::User));
    assert_eq!(choice(having(wish("web", ask.clone()), 3002, &ask)), Choice::Kept(3002));
    let none = choose(vec![wish("web", ask)], without_3000(), |port, _| port > 3002);
    assert!(matches!(none[0].choice, Choice::New(20_000..=28_999, PortOrigin::Hash)), "{none:?}");
}

#[test]
fn two_services_may_exchange_their_ports() {
    let one = having(wish("api", Ask::Fixed(3001)), 3000, &Ask::Fixed(3000));
    let other = having(wish("web", Ask::Fixed(3000)), 3001, &Ask::Fixed(3001));
    assert_eq!(ports(vec![one, other]), [Some(3001), Some(3000)]);
}

#[test]
fn a_fixed_port_of_somebody_else_is_no_choice() {
    let chosen = choose(vec![wish("web", Ask::Fixed(3000))], without_3000(), |_, _| true);
    assert_eq!(chosen[0].choice, Choice::Claimed(3000));
    let udp =
        Wish { key: ClaimKey { protocol: Protocol::Udp, ..any("web").key }, ..wish("web", Ask::Fixed(3000)) };
    assert_eq!(choose(vec![udp], without_3000(), |_, _| true)[0].choice.port(), Some(3000));
}

#[test]
fn an_ephemeral_port_is_chosen_only_where_a_range_was_named() {
    let ephemeral = PortRange { first: 16_000, last: 65_535 };
    let ground = Ground { ephemeral: Some(ephemeral), ..ground() };
    let named = PortRange { first: 50_000, last: 51_000 };
    let wishes = vec![any("api"), wish("web", Ask::Any(Some(named)))];
    let chosen = choose(wishes, ground, |_, _| true);
    let port =
        |node: &str| chosen.iter().find(|chosen| chosen.key.node == node).unwrap().choice.port().unwrap();
    assert!((10_000..16_000).contains(&port("api")), "{chosen:?}");
    assert!(named.contains(port("web")), "{chosen:?}");
}

#[test]
fn a_reserved_port_is_not_chosen_and_a_full_range_is_named() {
    let reserved = [PortRange { first: 8000, last: 8001 }];
    let ground = Ground { reserved: &reserved, ..ground() };
    let range = PortRange { first: 8000, last: 8002 };
    let wishes = vec![wish("api", Ask::Any(Some(range))), wish("web", Ask::Any(Some(range)))];
    let mut choices: Vec<_> =
        choose(wishes, ground, |_, _| true).into_iter().map(|chosen| chosen.choice).collect();
    choices.sort_by_key(Choice::port);
    assert_eq!(choices, [Choice::Full(range), Choice::New(8002, PortOrigin::Hash)]);
}

proptest! {
    #[test]
    fn no_port_has_two_owners(
        names in proptest::collection::btree_set("[a-z]{1,8}", 1..40),
        claimed in proptest::collection::btree_set(20_000_u16..20_100, 0..50),
        fixed in proptest::collection::vec(20_000_u16..20_100, 0..6),
    ) {
        let taken = claimed.iter().map(|port| (*port, Protocol::Tcp)).collect();
        let ask = |index: usize| fixed.get(index).map_or(Ask::Any(None), |port| Ask::Fixed(*port));
        let wishes = names.iter().enumerate().map(|(index, name)| wish(name, ask(index))).collect();
        let ground = Ground { taken, range: PortRange { first: 20_000, last: 20_099 }, ..ground() };
        let chosen = choose(wishes, ground, |port, _| port % 7 != 0);
        let ports: Vec<u16> = chosen.iter().filter_map(|chosen| chosen.choice.port()).collect();
        let different: BTreeSet<u16> = ports.iter().copied().collect();
        prop_assert_eq!(different.len(), ports.len());
        prop_assert!(different.is_disjoint(&claimed));
        for chosen in &chosen {
            if let Choice::New(port, PortOrigin::Hash) = chosen.choice {
                prop_assert!(port % 7 != 0);
            }
        }
    }
}
