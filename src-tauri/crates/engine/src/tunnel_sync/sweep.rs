//! What was left over: found in all zones of the account.

use std::collections::BTreeSet;

use super::actual::Scope;
use super::desired::Desired;
use super::ledger::Ledger;
use super::outcome::{Outcome, SyncError};
use super::plan::Leftover;
use super::sync::{Connector, TunnelSync};
use crate::cloudflare::Trouble;

/// What a sweep did.
#[derive(Debug, Clone, PartialEq)]
pub struct Swept {
    /// Of the run that made everything of this machine what is wanted, all zones included.
    pub outcome: Outcome,
    /// What else was deleted, in words.
    pub deleted: Vec<String>,
    /// What was asked for and not deleted, with the reason.
    pub refused: Vec<String>,
}

/// How often a tunnel's connections are ended before it is given up.
const ENDS: u32 = 3;

impl TunnelSync {
    /// Takes away what is left over of this machine, wherever it is; and of what else was found, what is asked for by
    /// the ids of records and tunnels.
    ///
    /// # Errors
    /// When nothing can be said of the outcome.
    pub async fn sweep(
        &self,
        desired: &Desired,
        connector: &dyn Connector,
        also: &BTreeSet<String>,
    ) -> Result<Swept, SyncError> {
        let _turn = self.turn().await;
        let mut outcome = self.sync_within(desired, connector, Scope::Everything).await?;
        let mut swept = Swept { outcome: Outcome::default(), deleted: vec![], refused: vec![] };
        let mut left = vec![];
        let mut asked = also.clone();
        for leftover in std::mem::take(&mut outcome.leftovers) {
            if !asked.remove(leftover.id()) {
                left.push(leftover);
                continue;
            }
            match self.delete_leftover(&leftover).await? {
                Ok(text) => swept.deleted.push(text),
                Err(text) => {
                    swept.refused.push(text);
                    left.push(leftover);
                }
            }
        }
        swept.refused.extend(asked.into_iter().map(|id| format!("{id} is none of what was left over")));
        outcome.leftovers = left;
        swept.outcome = outcome;
        Ok(swept)
    }

    /// The second error is one that is only about this one.
    async fn delete_leftover(&self, leftover: &Leftover) -> Result<Result<String, String>, SyncError> {
        let (result, what) = match leftover {
            Leftover::Record { zone, record, .. } => {
                let what = format!("the DNS record of {}", record.name);
                if !self.is_still(zone, std::slice::from_ref(record)).await? {
                    return Ok(Err(format!("{what} has changed since it was found")));
                }
                (self.api.delete_record(zone, &record.id, &record.name).await, what)
            }
            Leftover::Tunnel { id, name, .. } => {
                (self.api.delete_tunnel(&self.account, id).await, format!("the tunnel {name}"))
            }
        };
        match result {
            Ok(()) => Ok(Ok(what)),
            Err(error) if error.is_not_found() => Ok(Ok(what)),
            Err(error) if error.is_of_all_calls() => Err(error.into()),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Deletes this machine's tunnel for good, with the connections of `connector`, which must be stopped already: a tunnel is
    /// otherwise kept when nothing is wanted any more, for it costs nothing, and the next name is public sooner.
    ///
    /// # Errors
    /// When records of ours still lead to it, or somebody else's connector is connected.
    pub async fn delete_tunnel(&self, connector: Option<&str>) -> Result<(), SyncError> {
        let _turn = self.turn().await;
        let known = Ledger::read(&self.store, &self.account).await?;
        let Some(id) = known.tunnel.as_ref().and_then(|tunnel| tunnel.id.clone()) else { return Ok(()) };
        if let Some(hostname) = known.records.keys().next() {
            return Err(SyncError::Refused(format!(
                "the tunnel {id} is not deleted: the DNS record of {hostname} may still lead to it"
            )));
        }
        for ended in 0..=ENDS {
            match self.api.delete_tunnel(&self.account, &id).await {
                Ok(()) => break,
                Err(error) if error.is_not_found() => break,
                Err(error) => match (&error.trouble, connector) {
                    (Trouble::HasConnections { .. }, Some(connector)) if ended < ENDS => {
                        self.end_connections(&id, connector).await?;
                    }
                    _ => return Err(error.into()),
                },
            }
        }
        let mut ledger = known.clone();
        if let Some(tunnel) = &mut ledger.tunnel {
            tunnel.former.extend(tunnel.id.take());
        }
        Ok(ledger.write_over(&known, &self.store, &self.account).await?)
    }

    async fn end_connections(&self, tunnel: &str, connector: &str) -> Result<(), SyncError> {
        let connected = self.api.connections(&self.account, tunnel).await?;
        if let Some(other) = connected.iter().find(|other| other.id != connector) {
            let from = other.conns.iter().find_map(|connection| connection.origin_ip.as_deref());
            return Err(SyncError::Refused(format!(
                "the tunnel {tunnel} is not deleted: another connector ({}, from {}) is connected to it",
                other.id,
                from.unwrap_or("somewhere")
            )));
        }
        Ok(self.api.delete_connections(&self.account, tunnel, connector).await?)
    }
}

impl Leftover {
    /// What to ask for it by.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Record { record, .. } => &record.id,
            Self::Tunnel { id, .. } => id,
        }
    }
}
