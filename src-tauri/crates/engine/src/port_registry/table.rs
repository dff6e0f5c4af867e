use std::collections::HashMap;

use kinfra_rpc::Protocol;
use rusqlite::Connection;

use crate::smart_allocator::PortSet;
use crate::store::{Claim, ClaimKey, Claims, Reservation};

/// All claims in memory, by key and by port.
#[derive(Debug, Clone, Default)]
pub struct Table {
    claims: HashMap<ClaimKey, Claim>,
    owners: HashMap<(u16, Protocol), ClaimKey>,
    ports: PortSet,
    pub reservations: Vec<Reservation>,
}

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
        self.claims.get(key)
    }

    #[must_use]
    pub fn owner(&self, port: u16, protocol: Protocol) -> Option<&ClaimKey> {
        self.owners.get(&(port, protocol))
    }

    /// All that are claimed.
    #[must_use]
    pub const fn ports(&self) -> &PortSet {
        &self.ports
    }

    /// In the order of their ports.
    #[must_use]
    pub fn all(&self) -> Vec<Claim> {
        let mut claims: Vec<Claim> = self.claims.values().cloned().collect();
        claims.sort_by(|one, other| (one.port, &one.key).cmp(&(other.port, &other.key)));
        claims
    }

    /// In place of what its key had before.
    pub fn set(&mut self, claim: Claim) {
        self.remove(&claim.key);
        self.ports.insert(claim.port, claim.key.protocol);
        self.owners.insert((claim.port, claim.key.protocol), claim.key.clone());
        self.claims.insert(claim.key.clone(), claim);
    }

    pub fn remove(&mut self, key: &ClaimKey) {
        let Some(claim) = self.claims.remove(key) else { return };
        let port = (claim.port, key.protocol);
        // Within one change its port may have gone to somebody else already.
        if self.owners.get(&port) == Some(key) {
            self.owners.remove(&port);
            self.ports.remove(port.0, port.1);
        }
    }

    pub fn remove_instance(&mut self, instance: &str) {
        let keys: Vec<ClaimKey> =
            self.claims.keys().filter(|key| key.instance == instance).cloned().collect();
        keys.iter().for_each(|key| self.remove(key));
    }
}
