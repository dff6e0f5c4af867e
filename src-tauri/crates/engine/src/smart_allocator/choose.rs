use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::store::ClaimKey;

/// A port that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub key: ClaimKey,
    /// What the configuration says.
    pub fixed: Option<u16>,
    /// What it had before.
    pub stored: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub key: ClaimKey,
    pub port: u16,
}

/// Every port of the range is claimed or busy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPort {
    pub key: ClaimKey,
}

/// FNV-1a, 64 bits, over the fields of the key, each ended by a NUL. Fixed for ever: ports follow from it.
#[must_use]
pub fn hash(key: &ClaimKey) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let replica = key.replica.to_string();
    let fields = [&key.instance, &key.node, &replica, &key.name, &key.protocol];
    let bytes = fields.iter().flat_map(|field| field.bytes().chain([0]));
    bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Chooses the ports of one instance together: fixed and stored ones stay as they are; the others follow from
/// the hash, in the order of (hash, key), each taking the next port that nobody has claimed and that is free.
///
/// # Errors
/// When the range has no port left for a wish.
pub fn choose(
    mut wishes: Vec<Wish>,
    claimed: &BTreeSet<u16>,
    range: &RangeInclusive<u16>,
    mut is_free: impl FnMut(u16) -> bool,
) -> Result<Vec<Chosen>, NoPort> {
    wishes.sort_by_cached_key(|wish| (hash(&wish.key), wish.key.clone()));
    let mut taken = claimed.clone();
    taken.extend(wishes.iter().filter_map(|wish| wish.fixed.or(wish.stored)));
    let length = u64::from(range.end() - range.start()) + 1;
    let mut chosen = vec![];
    for Wish { key, fixed, stored } in wishes {
        if let Some(port) = fixed.or(stored) {
            chosen.push(Chosen { key, port });
            continue;
        }
        let first = hash(&key) % length;
        let candidates = (0..length).filter_map(|step| {
            let offset = u16::try_from((first + step) % length).ok()?;
            range.start().checked_add(offset)
        });
        let Some(port) = candidates.into_iter().find(|port| !taken.contains(port) && is_free(*port)) else {
            return Err(NoPort { key });
        };
        taken.insert(port);
        chosen.push(Chosen { key, port });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wish(node: &str) -> Wish {
        let key = ClaimKey {
            instance: "shop".into(),
            node: node.into(),
            replica: 0,
            name: "http".into(),
            protocol: "tcp".into(),
        };
        Wish { key, fixed: None, stored: None }
    }

    fn ports(wishes: Vec<Wish>) -> Vec<(String, u16)> {
        let chosen = choose(wishes, &BTreeSet::new(), &(20_000..=28_999), |_| true).unwrap();
        let mut ports: Vec<_> = chosen.into_iter().map(|chosen| (chosen.key.node, chosen.port)).collect();
        ports.sort();
        ports
    }

    #[test]
    fn the_hash_is_pinned() {
        let expected = [("api".into(), 23_828), ("store".into(), 25_953), ("web".into(), 26_346)];
        assert_eq!(ports(vec![wish("store"), wish("api"), wish("web")]), expected);
    }

    #[test]
    fn the_order_of_the_file_moves_no_port() {
        let names = ["web", "api", "store", "db", "mail"];
        let forward = ports(names.iter().map(|name| wish(name)).collect());
        let backward = ports(names.iter().rev().map(|name| wish(name)).collect());
        assert_eq!(forward, backward);
    }

    #[test]
    fn a_stored_port_is_kept_although_it_is_busy() {
        let stored = Wish { stored: Some(20_001), ..wish("api") };
        let chosen = choose(vec![stored], &BTreeSet::new(), &(20_000..=28_999), |_| false).unwrap();
        assert_eq!(chosen[0].port, 20_001);
    }

    #[test]
    fn a_full_range_is_an_error_that_names_the_wish() {
        let error = choose(vec![wish("api")], &BTreeSet::new(), &(20_000..=20_010), |_| false).unwrap_err();
        assert_eq!(error.key.node, "api");
    }

    proptest! {
        #[test]
        fn no_port_has_two_owners(
            names in proptest::collection::btree_set("[a-z]{1,8}", 1..40),
            claimed in proptest::collection::btree_set(20_000_u16..20_100, 0..50),
        ) {
            let wishes = names.iter().map(|name| wish(name)).collect();
            if let Ok(chosen) = choose(wishes, &claimed, &(20_000..=20_099), |port| port % 7 != 0) {
                let ports: BTreeSet<u16> = chosen.iter().map(|chosen| chosen.port).collect();
                prop_assert_eq!(ports.len(), chosen.len());
                prop_assert!(ports.is_disjoint(&claimed));
                prop_assert!(ports.iter().all(|port| port % 7 != 0));
            }
        }
    }
}
