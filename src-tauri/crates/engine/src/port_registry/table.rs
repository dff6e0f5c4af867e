use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use kinfra_rpc::Protocol;
use rusqlite::Connection;

use crate::smart_allocator::PortSet;
use crate::store::{Claim, ClaimKey, Claims, Reservation};

/// All claims in memory, by key and by port.
#[derive(Debug, Clone, Default)]
pub struct Table {
    claims: HashSet<Keyed>,
    owners: HashMap<(u16, Protocol), Arc<Claim>>,
    ports: PortSet,
    pub reservations: Vec<Reservation>,
}

/// A claim that its key finds.
#[derive(Debug, Clone)]
struct Keyed(Arc<Claim>);

impl Borrow<ClaimKey> for Keyed {
    fn borrow(&self) -> &ClaimKey {
        &self.0.key
    }
}

impl Hash for Keyed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl PartialEq for Keyed {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Keyed {}

impl Table {
    /// # Errors
    /// When the database can't be read.
    pub fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let claims = Claims(connection);
        let mut table = Self { reservations: claims.reservations()?, ..Self::default() };
        claims.all()?.into_iter().for_each(|claim| table.set(claim));
        Ok(table)
    }

    #[must_use]
    pub fn get(&self, key: &ClaimKey) -> Option<&Claim> {
        self.claims.get(key).map(|Keyed(claim)| &**claim)
    }

    #[must_use]
    pub fn owner(&self, port: u16, protocol: Protocol) -> Option<&ClaimKey> {
        self.owners.get(&(port, protocol)).map(|claim| &claim.key)
    }

    /// All that are claimed.
    #[must_use]
    pub const fn ports(&self) -> &PortSet {
        &self.ports
    }

    /// In the order of their ports.
    #[must_use]
    pub fn all(&self) -> Vec<Claim> {
        let mut claims: Vec<Claim> = self.claims.iter().map(|Keyed(claim)| (**claim).clone()).collect();
        claims.sort_by(|one, other| (one.port, &one.key).cmp(&(other.port, &other.key)));
        claims
    }

    /// In place of what its key had before.
    pub fn set(&mut self, claim: Claim) {
        self.remove(&claim.key);
        self.ports.insert(claim.port, claim.key.protocol);
        let claim = Arc::new(claim);
        self.owners.insert((claim.port, claim.key.protocol), Arc::clone(&claim));
        self.claims.insert(Keyed(claim));
    }

    pub fn remove(&mut self, key: &ClaimKey) {
        let Some(Keyed(claim)) = self.claims.take(key) else { return };
        let port = (claim.port, key.protocol);
        // Within one change its port may have gone to somebody else already.
        if self.owner(port.0, port.1) == Some(key) {
            self.owners.remove(&port);
            self.ports.remove(port.0, port.1);
        }
    }

    pub fn remove_instance(&mut self, instance: &str) {
        let known = self.claims.iter().map(|Keyed(claim)| &claim.key);
        let keys: Vec<ClaimKey> = known.filter(|key| key.instance == instance).cloned().collect();
        keys.iter().for_each(|key| self.remove(key));
    }
}
