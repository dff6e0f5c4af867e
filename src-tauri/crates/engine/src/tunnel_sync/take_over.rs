//! The user's word that somebody else's records may be replaced.

use serde_json::json;

use super::actual::excludes;
use super::ledger::Ledger;
use super::outcome::SyncError;
use super::standing::seal;
use super::sync::TunnelSync;
use crate::cloudflare::zone_of;
use crate::store::StoredTunnelRecord;

impl TunnelSync {
    /// Allows the records of a host name to be replaced by the next run, as they were when the user saw them: `seen` is
    /// the seal that came with them. What they are is remembered.
    ///
    /// # Errors
    /// When they are not the same any more, or can't be read.
    pub async fn take_over(&self, hostname: &str, seen: &str) -> Result<(), SyncError> {
        let _turn = self.turn().await;
        let hostname = hostname.to_ascii_lowercase();
        let zones: Vec<_> = self.api.zones().await?;
        let zones: Vec<_> = zones.into_iter().filter(|zone| zone.account.id == self.account).collect();
        let zone = zone_of(&hostname, &zones)
            .ok_or_else(|| SyncError::Refused(format!("the account has no zone for {hostname}")))?;
        let mut records = self.api.records_named(&zone.id, &hostname).await?;
        records.retain(excludes);
        records.iter_mut().for_each(|record| record.name.make_ascii_lowercase());
        if records.is_empty() {
            return Err(SyncError::Refused(format!(
                "{hostname} has no DNS record any more: there is nothing to take over"
            )));
        }
        if seal(&records) != seen {
            return Err(SyncError::Refused(format!(
                "the DNS record of {hostname} has changed since it was shown: look at it again, then decide"
            )));
        }
        let known = Ledger::read(&self.store, &self.account).await?;
        let mut ledger = known.clone();
        ledger.records.insert(
            hostname.clone(),
            StoredTunnelRecord {
                hostname,
                zone: zone.id.clone(),
                id: None,
                adopted: false,
                was: Some(json!(records)),
                permit: Some(seen.to_owned()),
            },
        );
        Ok(ledger.write_over(&known, &self.store, &self.account).await?)
    }
}
