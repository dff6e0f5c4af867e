use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use kinfra_rpc::{Failure, PortOrigin, PortRange, Problem, Protocol};

use super::availability::is_free;
use super::change::{Change, write};
use super::registry::RegistryOptions;
use super::table::Table;
use super::texts::refusal;
use super::wanted::{Conflict, InstancePorts, Wanted};
use crate::smart_allocator::{Ask, Choice, Chosen, Ground, PortSet, Stored, Wish, choose};
use crate::store::{ClaimKey, Claims};

/// What callers and the database's thread have in common.
#[derive(Debug)]
pub struct Shared {
    pub options: RegistryOptions,
    /// What is durable.
    pub published: RwLock<Table>,
    /// What the database's thread works on; none when it has to be read anew.
    pub working: Mutex<Option<Table>>,
    /// Ports that stand in for claimed ones, for this time.
    pub leases: Mutex<HashMap<ClaimKey, u16>>,
    /// Of the ports of each node the one that was wanted first.
    pub mains: Mutex<HashMap<(String, String), ClaimKey>>,
}

/// What is to be chosen, and what from.
struct Question {
    wishes: Vec<Wish>,
    taken: PortSet,
    reserved: Vec<PortRange>,
}

impl Shared {
    pub fn claim_now(
        &self,
        table: &Table,
        claims: &Claims<'_>,
        instance: &str,
        wanted: &[Wanted],
        probed: &[(u16, Protocol)],
    ) -> rusqlite::Result<(Result<InstancePorts, Failure>, Vec<Change>)> {
        let question = self.question(table, instance, wanted);
        let chosen = self
            .choose(question, |port, protocol| probed.contains(&(port, protocol)) || is_free(port, protocol));
        let by_key: HashMap<&ClaimKey, &Choice> =
            chosen.iter().map(|Chosen { key, choice }| (key, choice)).collect();

        let mut ports = InstancePorts::default();
        let mut changed = vec![];
        for wanted in wanted {
            let key = wanted.key(instance);
            let Some(choice) = by_key.get(&key).copied() else { continue };
            let present = table.get(&key);
            let (port, origin) = match choice {
                Choice::Kept(port) => (*port, present.map_or(PortOrigin::Hash, |claim| claim.origin)),
                Choice::New(port, origin) => (*port, *origin),
                Choice::Claimed(_) => {
                    let problem = refusal(table, &key, choice);
                    let conflict = Conflict { name: wanted.name.clone(), problem };
                    ports.conflicts.entry(wanted.holder()).or_insert(conflict);
                    continue;
                }
                Choice::Full(_) => return Ok((Err(refusal(table, &key, choice).into()), vec![])),
            };
            let lent = self.leases().get(&key).copied().unwrap_or(port);
            ports.nodes.entry(wanted.holder()).or_default().push(wanted.given(lent, origin));
            let claim = wanted.claim(instance, port, origin, present);
            if present != Some(&claim) {
                changed.push(claim);
            }
        }
        Ok((Ok(ports), write(table, claims, changed)?))
    }

    /// The ports that will most likely be chosen, found to be free: binding takes longer than all else, and callers can
    /// do it side by side. A search that would take long is left to the choice itself.
    pub fn probe(&self, instance: &str, wanted: &[Wanted]) -> Vec<(u16, Protocol)> {
        let mut probed = vec![];
        let mut left = 2 * wanted.len();
        // Nobody is kept waiting meanwhile.
        let question = self.question(&self.published(), instance, wanted);
        self.choose(question, |port, protocol| {
            if left == 0 {
                // Only so that it ends: the choice asks again about what is not in the list.
                return true;
            }
            left -= 1;
            let free = is_free(port, protocol);
            probed.extend(free.then_some((port, protocol)));
            free
        });
        probed
    }

    fn question(&self, table: &Table, instance: &str, wanted: &[Wanted]) -> Question {
        let wish = |wanted: &Wanted| {
            let key = wanted.key(instance);
            let stored = table.get(&key).map(|claim| Stored {
                port: claim.port,
                origin: claim.origin,
                asked: claim.asked.clone(),
            });
            Wish { key, ask: wanted.ask.clone(), stored }
        };
        let wishes: Vec<Wish> = wanted.iter().map(wish).collect();
        // What the wishing have is theirs to keep, to exchange or to give up.
        let mut taken = self.taken(table);
        for wish in &wishes {
            if let Some(stored) = &wish.stored {
                taken.remove(stored.port, wish.key.protocol);
            }
        }
        Question { wishes, taken, reserved: self.reserved(table) }
    }

    fn choose(&self, question: Question, is_free: impl FnMut(u16, Protocol) -> bool) -> Vec<Chosen> {
        let Question { wishes, taken, reserved } = question;
        let RegistryOptions { range, ephemeral, .. } = self.options;
        choose(wishes, Ground { taken, range, reserved: &reserved, ephemeral }, is_free)
    }

    /// Any port but the present one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn choose_other(
        &self,
        table: &Table,
        key: &ClaimKey,
        ask: &Ask,
        to: Option<u16>,
    ) -> Result<u16, Problem> {
        let mut taken = self.taken(table);
        // The one that is named may be what it has already.
        if let Some(claim) = table.get(key).filter(|claim| Some(claim.port) == to) {
            taken.remove(claim.port, key.protocol);
        }
        let ask = to.map_or(Ask::Any(ask.range()), Ask::Fixed);
        let wish = Wish { key: key.clone(), ask, stored: None };
        let question = Question { wishes: vec![wish], taken, reserved: self.reserved(table) };
        let chosen = self.choose(question, is_free);
        let choice = chosen.into_iter().next().map(|chosen| chosen.choice);
        let choice = choice.unwrap_or(Choice::Full(self.options.range));
        choice.port().ok_or_else(|| refusal(table, key, &choice))
    }

    /// What is claimed, and what is lent out.
    fn taken(&self, table: &Table) -> PortSet {
        let mut taken = table.ports().clone();
        self.leases().iter().for_each(|(key, port)| taken.insert(*port, key.protocol));
        taken
    }

    pub fn published(&self) -> RwLockReadGuard<'_, Table> {
        self.published.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserved(&self, table: &Table) -> Vec<PortRange> {
        let stored = table.reservations.iter().map(|reservation| reservation.range);
        self.options.reserved.iter().copied().chain(stored).collect()
    }

    pub fn working(&self) -> MutexGuard<'_, Option<Table>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers which port of each node is the main one.
    pub fn note_mains(&self, instance: &str, wanted: &[Wanted]) {
        let mut mains = self.mains.lock().unwrap_or_else(PoisonError::into_inner);
        for wanted in wanted.iter().rev() {
            mains.insert((instance.to_owned(), wanted.holder()), wanted.key(instance));
        }
    }

    pub fn leases(&self) -> MutexGuard<'_, HashMap<ClaimKey, u16>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
