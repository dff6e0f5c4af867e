//! Theory of operation: all claims are in the store; the registry reads them, lets the allocator choose for one
//! instance at a time, and stores what is new before anybody sees it. One lock around the whole makes two loads
//! at once take turns.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use tokio::sync::Mutex;

use super::availability::is_free;
use crate::smart_allocator::{Wish, choose};
use crate::store::{Claim, ClaimKey, Store};

#[derive(Debug)]
pub struct PortRegistry {
    store: Store,
    range: RangeInclusive<u16>,
    turn: Mutex<()>,
}

/// The ports of one instance, by node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstancePorts {
    pub ports: BTreeMap<String, u16>,
    /// Nodes whose fixed port is somebody else's.
    pub conflicts: BTreeMap<String, Problem>,
}

impl PortRegistry {
    #[must_use]
    pub fn new(store: Store, range: RangeInclusive<u16>) -> Self {
        Self { store, range, turn: Mutex::new(()) }
    }

    /// Gives every node that wants a port the one it had, or one that is kept from now on. `wanted` says for
    /// each node which port its configuration fixes, if any.
    ///
    /// # Errors
    /// When the range is full or the store fails.
    pub async fn claim(
        &self,
        instance: &str,
        wanted: &[(String, Option<u16>)],
    ) -> Result<InstancePorts, Failure> {
        let _turn = self.turn.lock().await;
        let claims = self.store.claims().await?;
        let mut result = InstancePorts::default();
        let mut wishes = vec![];
        for (node, fixed) in wanted {
            let key = key(instance, node);
            let owner =
                fixed.and_then(|port| claims.iter().find(|claim| claim.port == port && claim.key != key));
            if let (Some(owner), Some(port)) = (owner, fixed) {
                result.conflicts.insert(node.clone(), conflict(node, *port, owner));
                continue;
            }
            let known = claims.iter().find(|claim| claim.key == key);
            wishes.push(Wish { key, fixed: *fixed, stored: known.map(|claim| claim.port) });
        }
        let fixed: BTreeSet<String> =
            wishes.iter().filter(|wish| wish.fixed.is_some()).map(|wish| wish.key.node.clone()).collect();
        let taken = claims.iter().map(|claim| claim.port).collect();
        let chosen = choose(wishes, &taken, &self.range, is_free).map_err(|full| self.full(&full.key))?;
        let mut changed = vec![];
        for chosen in chosen {
            result.ports.insert(chosen.key.node.clone(), chosen.port);
            let origin = if fixed.contains(&chosen.key.node) { "user" } else { "hash" };
            let claim = Claim { key: chosen.key, port: chosen.port, origin: origin.to_owned() };
            if !claims.iter().any(|known| known.key == claim.key && known.port == claim.port) {
                changed.push(claim);
            }
        }
        if !changed.is_empty() {
            self.store.set_claims(changed).await?;
        }
        Ok(result)
    }

    /// Chooses another port for a node and keeps that one from now on.
    ///
    /// # Errors
    /// When the range is full or the store fails.
    pub async fn move_port(&self, instance: &str, node: &str) -> Result<u16, Failure> {
        let _turn = self.turn.lock().await;
        let claims = self.store.claims().await?;
        let taken = claims.iter().map(|claim| claim.port).collect();
        let wish = Wish { key: key(instance, node), fixed: None, stored: None };
        let chosen = choose(vec![wish], &taken, &self.range, is_free).map_err(|full| self.full(&full.key))?;
        let Some(chosen) = chosen.into_iter().next() else {
            return Err(Failure::new(ErrorCode::Internal, "the allocator chose nothing"));
        };
        let claim = Claim { key: chosen.key, port: chosen.port, origin: "user".to_owned() };
        self.store.set_claims(vec![claim]).await?;
        Ok(chosen.port)
    }

    fn full(&self, key: &ClaimKey) -> Failure {
        let (start, end) = (self.range.start(), self.range.end());
        let message = format!("no port for {}: all of {start}–{end} are claimed or in use", key.node);
        Problem::new(ErrorCode::PortTaken, message).hint("remove projects that are no longer used").into()
    }
}

fn key(instance: &str, node: &str) -> ClaimKey {
    ClaimKey {
        instance: instance.to_owned(),
        node: node.to_owned(),
        replica: 0,
        name: "http".to_owned(),
        protocol: "tcp".to_owned(),
    }
}

fn conflict(node: &str, port: u16, owner: &Claim) -> Problem {
    let ClaimKey { instance, node: other, .. } = &owner.key;
    Problem::new(ErrorCode::PortTaken, format!("port {port} of {node} belongs to {other} of {instance}"))
        .hint(format!("write another port, or none, for {node}, or free it by kinfra move-port {other} --project {instance}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn registry(folder: &tempfile::TempDir) -> PortRegistry {
        let store = Store::open(&folder.path().join("kinfra.sqlite")).unwrap();
        PortRegistry::new(store, 20_000..=28_999)
    }

    fn auto(nodes: &[&str]) -> Vec<(String, Option<u16>)> {
        nodes.iter().map(|node| ((*node).to_owned(), None)).collect()
    }

    #[tokio::test]
    async fn ports_are_kept_by_a_later_engine_and_when_a_service_joins() {
        let folder = tempfile::tempdir().unwrap();
        let first = registry(&folder).await.claim("shop", &auto(&["api", "web"])).await.unwrap();
        let later =
            registry(&folder).await.claim("shop", &auto(&["zeta", "web", "api", "alpha"])).await.unwrap();
        assert_eq!(first.ports["api"], later.ports["api"]);
        assert_eq!(first.ports["web"], later.ports["web"]);
        assert_eq!(later.ports.values().collect::<BTreeSet<_>>().len(), 4);
    }

    #[tokio::test]
    async fn a_deleted_database_gives_the_same_ports_again() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = registry(&one).await.claim("shop", &auto(&["api", "web"])).await.unwrap();
        assert_eq!(registry(&two).await.claim("shop", &auto(&["api", "web"])).await.unwrap(), first);
    }

    #[tokio::test]
    async fn a_fixed_port_of_another_project_is_a_conflict_with_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let registry = registry(&folder).await;
        registry.claim("shop", &[("api".into(), Some(28_123))]).await.unwrap();
        let second = registry.claim("bank", &[("core".into(), Some(28_123))]).await.unwrap();
        assert_eq!(second.conflicts["core"].message, "port 28123 of core belongs to api of shop");
        assert!(second.ports.is_empty());
    }

    #[tokio::test]
    async fn a_moved_port_stays_moved() {
        let folder = tempfile::tempdir().unwrap();
        let registry = registry(&folder).await;
        let first = registry.claim("shop", &auto(&["api"])).await.unwrap().ports["api"];
        let moved = registry.move_port("shop", "api").await.unwrap();
        assert_ne!(first, moved);
        assert_eq!(registry.claim("shop", &auto(&["api"])).await.unwrap().ports["api"], moved);
    }
}
