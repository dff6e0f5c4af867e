//! Theory of operation: the database's thread is the one place where ports are chosen, so two choices never meet. It
//! works on a table in memory that mirrors the database; a choice is written down in the transaction that the thread
//! has open, and only when that is durable does the table that everybody reads learn of it, and the caller too. When
//! anything goes wrong in between, the working table is read anew from the database before it is used again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kinfra_rpc::{Failure, PortOrigin, PortRange, Problem};
use rusqlite::Connection;

use super::change::Change;
use super::shared::Shared;
use super::table::Table;
use super::texts::{refusal, unknown};
use super::wanted::{Import, InstancePorts, Wanted, holder};
use crate::smart_allocator::Choice;
use crate::store::{Claim, ClaimKey, Claims, Reservation, Store, StoreError};

#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// Where ports are chosen when a project doesn't say.
    pub range: PortRange,
    /// Never chosen, beside what is reserved in the database.
    pub reserved: Vec<PortRange>,
    /// What the kernel gives to outgoing connections.
    pub ephemeral: Option<PortRange>,
}

/// Who owns which port.
#[derive(Debug, Clone)]
pub struct PortRegistry {
    store: Store,
    shared: Arc<Shared>,
}

impl PortRegistry {
    /// # Errors
    /// When the database can't be read.
    pub async fn open(store: Store, options: RegistryOptions) -> Result<Self, StoreError> {
        let table = store.transaction("read the port claims", Table::read).await?;
        let shared = Shared {
            options,
            published: RwLock::new(table.clone()),
            working: Mutex::new(Some(table)),
            leases: Mutex::default(),
            mains: Mutex::default(),
        };
        Ok(Self { store, shared: Arc::new(shared) })
    }

    /// Gives every node the ports that it had, or some that are kept from now on. All are one request: they are chosen
    /// together and written down together.
    ///
    /// # Errors
    /// When a range is full or the store fails; then nothing is changed.
    pub async fn claim(&self, instance: &str, wanted: Vec<Wanted>) -> Result<InstancePorts, Failure> {
        self.shared.note_mains(instance, &wanted);
        if let Some(known) = self.known(instance, &wanted) {
            return Ok(known);
        }
        let probed = self.shared.probe(instance, &wanted);
        let (shared, instance) = (Arc::clone(&self.shared), instance.to_owned());
        self.change(move |table, claims| shared.claim_now(table, claims, &instance, &wanted, &probed)).await?
    }

    /// Chooses another port, or takes the one that is named, for good.
    ///
    /// # Errors
    /// When it can't be had, or the store fails.
    pub async fn move_port(&self, instance: &str, wanted: Wanted, to: Option<u16>) -> Result<u16, Failure> {
        self.put(instance, wanted, to, PortOrigin::User).await
    }

    /// Leaves a port, this or the one that is named, to a server that runs there already.
    ///
    /// # Errors
    /// When another service has it, or the store fails.
    pub async fn adopt(&self, instance: &str, wanted: Wanted, port: u16) -> Result<u16, Failure> {
        self.put(instance, wanted, Some(port), PortOrigin::Adopted).await
    }

    async fn put(
        &self,
        instance: &str,
        wanted: Wanted,
        to: Option<u16>,
        origin: PortOrigin,
    ) -> Result<u16, Failure> {
        let (shared, key, instance) = (Arc::clone(&self.shared), wanted.key(instance), instance.to_owned());
        self.change(move |table, claims| {
            let port = match shared.choose_other(table, &key, &wanted.ask, to) {
                Ok(port) => port,
                Err(problem) => return Ok((Err(problem.into()), vec![])),
            };
            let claim = wanted.claim(&instance, port, origin, table.get(&key));
            claims.set(&claim)?;
            Ok((Ok(port), vec![Change::Set(claim)]))
        })
        .await?
    }

    /// Gives nodes of an instance the ports that they had with KInfra 1.0, in the place of what they have. Each that
    /// can't be had is told, and keeps none of the others from it.
    ///
    /// # Errors
    /// When the store fails; then nothing is changed.
    pub async fn import(&self, instance: &str, imports: Vec<Import>) -> Result<Vec<Problem>, Failure> {
        let (shared, instance) = (Arc::clone(&self.shared), instance.to_owned());
        self.change(move |table, claims| {
            let (mut refused, mut changes) = (vec![], vec![]);
            let mut given = HashSet::new();
            for Import { wanted, port, origin, tunnel, hostname, from } in imports {
                let key = wanted.key(&instance);
                let giver = table.owner(port, key.protocol).filter(|owner| from.as_ref() == Some(owner));
                let chosen = shared.choose_other(table, giver.unwrap_or(&key), &wanted.ask, Some(port));
                let port = match chosen {
                    Ok(port) if given.insert((port, key.protocol)) => port,
                    Ok(port) => {
                        refused.push(refusal(table, &key, &Choice::Claimed(port)));
                        continue;
                    }
                    Err(problem) => {
                        refused.push(problem);
                        continue;
                    }
                };
                let claim = wanted.claim(&instance, port, origin, table.get(&key));
                let claim = Claim {
                    former_tunnel: tunnel.or(claim.former_tunnel),
                    former_hostname: hostname.or(claim.former_hostname),
                    ..claim
                };
                if let Some(giver) = giver.filter(|giver| **giver != key) {
                    claims.remove(giver)?;
                    changes.push(Change::Remove(giver.clone()));
                }
                claims.set(&claim)?;
                changes.push(Change::Set(claim));
            }
            Ok((refused, changes))
        })
        .await
    }

    /// Takes that back where it still holds: a claim that was changed since stays. Gives those that are as they were, and
    /// those that stay because their former port is somebody else's by now. All are taken back together, so that two may
    /// have given up theirs one for the other.
    ///
    /// # Errors
    /// When the store fails; then nothing is changed.
    pub async fn take_back(
        &self,
        imported: Vec<(ClaimKey, u16, Option<Claim>)>,
    ) -> Result<(Vec<ClaimKey>, Vec<Claim>), Failure> {
        self.change(move |table, claims| {
            let mut imported = imported;
            imported.retain(|(key, port, _)| {
                let is_imported = |claim: &&Claim| {
                    claim.port == *port && matches!(claim.origin, PortOrigin::Import | PortOrigin::Adopted)
                };
                table.get(key).filter(is_imported).is_some()
            });
            let mut stay = vec![];
            // One that stays keeps its port, for which another one may have to stay as well.
            loop {
                let of_others = |before: &Claim| {
                    let owner = table.owner(before.port, before.key.protocol);
                    owner.is_some_and(|owner| imported.iter().all(|(key, ..)| key != owner))
                };
                let is_taken =
                    |(_, _, before): &(ClaimKey, u16, Option<Claim>)| before.as_ref().is_some_and(of_others);
                let Some(at) = imported.iter().position(is_taken) else { break };
                stay.extend(imported.remove(at).2);
            }
            let mut changes = vec![];
            for (key, ..) in &imported {
                claims.remove(key)?;
                changes.push(Change::Remove(key.clone()));
            }
            for before in imported.iter().filter_map(|(_, _, before)| before.as_ref()) {
                claims.set(before)?;
                changes.push(Change::Set(before.clone()));
            }
            Ok(((imported.into_iter().map(|(key, ..)| key).collect(), stay), changes))
        })
        .await
    }

    /// Lends a node another port in place of its own, until [`PortRegistry::end_leases`] or the end of the engine.
    ///
    /// # Errors
    /// When none can be had, or the store fails.
    pub async fn lease(&self, instance: &str, wanted: Wanted) -> Result<u16, Failure> {
        let (shared, key) = (Arc::clone(&self.shared), wanted.key(instance));
        self.change(move |table, _| {
            if table.get(&key).is_none() {
                return Ok((Err(unknown(&key)), vec![]));
            }
            let lent = shared.choose_other(table, &key, &wanted.ask, None);
            if let Ok(port) = &lent {
                shared.leases().insert(key, *port);
            }
            Ok((lent.map_err(Failure::from), vec![]))
        })
        .await?
    }

    /// From now on these nodes have their own ports again; all of the instance when none is named. Whether that
    /// changes anything.
    pub fn end_leases(&self, instance: &str, nodes: &[String]) -> bool {
        let mut leases = self.shared.leases();
        let before = leases.len();
        leases.retain(|key, _| {
            key.instance != instance || !(nodes.is_empty() || nodes.contains(&holder(&key.node, key.replica)))
        });
        leases.len() < before
    }

    /// The port that stands in for a claimed one.
    #[must_use]
    pub fn leased(&self, key: &ClaimKey) -> Option<u16> {
        self.shared.leases().get(key).copied()
    }

    /// Gives all ports of an instance back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, instance: &str) -> Result<(), Failure> {
        self.shared.leases().retain(|key, _| key.instance != instance);
        let instance = instance.to_owned();
        self.change(move |_, claims| {
            claims.remove_instance(&instance)?;
            Ok(((), vec![Change::RemoveInstance(instance)]))
        })
        .await
    }

    /// Keeps ports out of the allocator's hands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reserve(&self, reservation: Reservation) -> Result<(), Failure> {
        self.change(move |_, claims| {
            claims.reserve(&reservation)?;
            Ok(((), vec![Change::Reservations(claims.reservations()?)]))
        })
        .await
    }

    /// Ends a reservation; false when there is none of just this range.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(&self, range: PortRange) -> Result<bool, Failure> {
        self.change(move |_, claims| {
            let released = claims.release(range)?;
            Ok((released, vec![Change::Reservations(claims.reservations()?)]))
        })
        .await
    }

    /// Whether it is what its node finds in `PORT`, by the configuration that was read last.
    #[must_use]
    pub fn is_main(&self, key: &ClaimKey) -> bool {
        let mains = self.shared.mains.lock().unwrap_or_else(PoisonError::into_inner);
        mains.get(&(key.instance.clone(), holder(&key.node, key.replica))).is_some_and(|main| main == key)
    }

    /// All claims, in the order of their ports.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        self.shared.published().all()
    }

    #[must_use]
    pub fn get(&self, key: &ClaimKey) -> Option<Claim> {
        self.shared.published().get(key).cloned()
    }

    #[must_use]
    pub fn reservations(&self) -> Vec<Reservation> {
        self.shared.published().reservations.clone()
    }

    #[must_use]
    pub fn options(&self) -> &RegistryOptions {
        &self.shared.options
    }

    /// What is known already, if nothing has to be chosen or written.
    fn known(&self, instance: &str, wanted: &[Wanted]) -> Option<InstancePorts> {
        let table = self.shared.published();
        let mut ports = InstancePorts::default();
        for wanted in wanted {
            let key = wanted.key(instance);
            let claim = table.get(&key)?;
            let same = claim.asked.as_ref().is_some_and(|asked| *asked == wanted.ask.to_string());
            if !same {
                return None;
            }
            let port = self.leased(&key).unwrap_or(claim.port);
            ports.nodes.entry(wanted.holder()).or_default().push(wanted.given(port, claim.origin));
        }
        Some(ports)
    }

    /// Runs work on the working table within a transaction, and publishes what it changed once that is durable.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Table, &Claims<'_>) -> rusqlite::Result<(T, Vec<Change>)> + Send + 'static,
    ) -> Result<T, Failure> {
        let (shared, publisher) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let changes = Arc::new(Mutex::new(vec![]));
        let made = Arc::clone(&changes);
        let work = move |connection: &Connection| {
            let mut working = shared.working();
            // It comes back only when all went well.
            let mut table = match working.take() {
                Some(table) => table,
                None => Table::read(connection)?,
            };
            let (answer, changes) = work(&table, &Claims(connection))?;
            changes.iter().for_each(|change| change.apply(&mut table));
            *working = Some(table);
            *made.lock().unwrap_or_else(PoisonError::into_inner) = changes;
            Ok(answer)
        };
        let publish = move |result: Option<&T>| {
            if result.is_none() {
                *publisher.working() = None;
                return;
            }
            let mut published = publisher.published.write().unwrap_or_else(PoisonError::into_inner);
            let changes = changes.lock().unwrap_or_else(PoisonError::into_inner);
            changes.iter().for_each(|change| change.apply(&mut published));
        };
        Ok(self.store.transaction_then("store the port claims", work, publish).await?)
    }
}
