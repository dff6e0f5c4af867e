use std::collections::HashSet;

use kinfra_rpc::Protocol;

use super::table::Table;
use crate::store::{Claim, ClaimKey, Claims, Reservation};

/// What a transaction did to the table.
#[derive(Debug)]
pub enum Change {
    Set(Claim),
    Remove(ClaimKey),
    RemoveInstance(String),
    Reservations(Vec<Reservation>),
}

impl Change {
    pub fn apply(&self, table: &mut Table) {
        match self {
            Self::Set(claim) => table.set(claim.clone()),
            Self::Remove(key) => table.remove(key),
            Self::RemoveInstance(instance) => table.remove_instance(instance),
            Self::Reservations(reservations) => table.reservations.clone_from(reservations),
        }
    }
}

/// Writes claims down. What had one of their ports before gives it up first, so that two may exchange theirs.
pub fn write(table: &Table, claims: &Claims<'_>, changed: Vec<Claim>) -> rusqlite::Result<Vec<Change>> {
    let taken: HashSet<(u16, Protocol)> =
        changed.iter().map(|claim| (claim.port, claim.key.protocol)).collect();
    let mut given_up: Vec<ClaimKey> =
        taken.iter().filter_map(|(port, protocol)| table.owner(*port, *protocol)).cloned().collect();
    given_up.retain(|key| {
        !changed
            .iter()
            .any(|claim| claim.key == *key && Some(claim.port) == table.get(key).map(|known| known.port))
    });
    let mut changes = vec![];
    for key in given_up {
        claims.remove(&key)?;
        changes.push(Change::Remove(key));
    }
    for claim in changed {
        claims.set(&claim)?;
        changes.push(Change::Set(claim));
    }
    Ok(changes)
}
