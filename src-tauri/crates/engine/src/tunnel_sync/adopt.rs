//! Takes a tunnel over that is there, with records and rules of it, under their names.
//!
//! A tunnel that a file on some machine configures (every one that `cloudflared tunnel create` made, and so all of
//! KInfra 1.0) is not for the API to change until it is migrated: its configuration is put once, and is Cloudflare's
//! from then on. There is no way back, and a cloudflared that runs it with the file follows what was put. So that is done on
//! the user's word only, and what Cloudflare says afterwards is what counts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::actual::{excludes, target};
use super::ledger::Ledger;
use super::outcome::SyncError;
use super::sync::TunnelSync;
use super::validation::{matches_all, text, validate};
use crate::cloudflare::{Tunnel, zone_of};
use crate::store::{StoredTunnel, StoredTunnelRecord};

#[derive(Debug, Clone, Default)]
pub struct AdoptionWish {
    /// The id of the tunnel, or its name.
    pub tunnel: String,
    /// Names whose records and rules are handed over; the others of that tunnel stay what they are.
    pub hostnames: BTreeSet<String>,
    /// The user's word that a tunnel configured by a file be migrated, with the files among which that one is. Its
    /// rules are kept, so that a cloudflared that runs it goes on as it did.
    pub migrate: Option<Vec<TunnelFile>>,
}

/// A file of cloudflared's.
#[derive(Debug, Clone)]
pub struct TunnelFile {
    pub path: PathBuf,
    /// The id of its tunnel, or the name.
    pub tunnel: String,
    /// As the API has them, or why they can't be said there.
    pub rules: Result<Vec<Value>, String>,
}

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    pub name: String,
    /// Their records lead to the tunnel.
    pub records: Vec<String>,
    pub warnings: Vec<String>,
}

impl TunnelSync {
    /// From the next run on this is the tunnel of this machine. Records that led to the former one are led here then.
    ///
    /// # Errors
    /// When there is no such tunnel, or it would have to be migrated without the user's word.
    pub async fn adopt(&self, wish: &AdoptionWish) -> Result<Adopted, SyncError> {
        let _turn = self.turn().await;
        let (api, account) = (&self.api, &self.account);
        let named = api.tunnels(account, Some(&wish.tunnel)).await?;
        let named = named.into_iter().find(|tunnel| tunnel.name == wish.tunnel);
        let mut tunnel = match named {
            Some(named) => named,
            None => api.tunnel(account, &wish.tunnel).await?,
        };
        if tunnel.deleted_at.is_some() {
            return Err(SyncError::Refused(format!(
                "the tunnel {} was deleted: it can't come back",
                tunnel.name
            )));
        }
        if !tunnel.is_remote() {
            tunnel = self.migrate(tunnel, wish.migrate.as_deref()).await?;
        }
        let mut warnings = vec![];
        let connectors = api.connections(account, &tunnel.id).await?;
        if !connectors.is_empty() {
            warnings.push(format!(
                "{} connector(s) run this tunnel already: as long as they do, they get a part of the visitors",
                connectors.len()
            ));
        }
        let hostnames: BTreeSet<String> =
            wish.hostnames.iter().map(|host| host.to_ascii_lowercase()).collect();
        let config = api.configuration(account, &tunnel.id).await?.config;
        let rules = config.as_ref().and_then(|config| config.get("ingress")).and_then(Value::as_array);
        let is_handed = |rule: &&Value| hostnames.contains(&text(rule, "hostname").to_ascii_lowercase());
        let rules: Vec<Value> = rules.into_iter().flatten().filter(is_handed).cloned().collect();
        let records = self.records_to_adopt(&tunnel, &hostnames, &mut warnings).await?;
        let known = Ledger::read(&self.store, account).await?;
        let mut ledger = known.clone();
        let before = ledger.tunnel.take();
        let mut former = before.as_ref().map(|tunnel| tunnel.former.clone()).unwrap_or_default();
        let is_other = |id: &String| *id != tunnel.id;
        former.extend(before.as_ref().and_then(|tunnel| tunnel.id.clone()).filter(is_other));
        former.retain(is_other);
        ledger.tunnel = Some(StoredTunnel {
            name: tunnel.name.clone(),
            id: Some(tunnel.id.clone()),
            adopted: true,
            former,
            origins: before.map(|tunnel| tunnel.origins).unwrap_or_default(),
            rules,
        });
        let names = records.iter().map(|record| record.hostname.clone()).collect();
        ledger.records.extend(records.into_iter().map(|record| (record.hostname.clone(), record)));
        ledger.write_over(&known, &self.store, account).await?;
        Ok(Adopted { name: tunnel.name, records: names, warnings })
    }

    async fn records_to_adopt(
        &self,
        tunnel: &Tunnel,
        hostnames: &BTreeSet<String>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<StoredTunnelRecord>, SyncError> {
        let zones = self.api.zones().await?;
        let mut found = vec![];
        for hostname in hostnames {
            let Some(zone) = zone_of(hostname, &zones).filter(|zone| zone.account.id == self.account) else {
                warnings.push(format!("the account has no zone for {hostname}"));
                continue;
            };
            let mut records = self.api.records_named(&zone.id, hostname).await?;
            records.retain(excludes);
            match records.as_slice() {
                [record] if record.content == target(&tunnel.id) => found.push(StoredTunnelRecord {
                    hostname: hostname.clone(),
                    zone: zone.id.clone(),
                    id: Some(record.id.clone()),
                    adopted: true,
                    was: Some(json!([record])),
                    permit: None,
                }),
                [] => {
                    warnings.push(format!("{hostname} has no DNS record: one is made when it is published"));
                }
                _ => warnings.push(format!(
                    "the DNS record of {hostname} leads elsewhere than to this tunnel: it is not adopted"
                )),
            }
        }
        Ok(found)
    }

    async fn migrate(&self, tunnel: Tunnel, files: Option<&[TunnelFile]>) -> Result<Tunnel, SyncError> {
        let (api, account) = (&self.api, &self.account);
        let Some(files) = files else {
            return Err(SyncError::Refused(format!(
                "the tunnel {} is configured by a file on the machine that made it, and KInfra changes tunnels by \
                 Cloudflare's API: it has to be migrated first, which can't be undone. Or leave it, and let KInfra's own \
                 tunnel take over the DNS records that lead to it",
                tunnel.name
            )));
        };
        let its = files.iter().find(|file| file.tunnel == tunnel.id || file.tunnel == tunnel.name);
        let mut rules = match its {
            Some(TunnelFile { rules: Ok(rules), .. }) => rules.clone(),
            Some(TunnelFile { rules: Err(why), path, .. }) => {
                return Err(SyncError::Refused(format!(
                    "the tunnel {} can't be migrated with what {} says: {why}. Migrate it in the dashboard (Networks, \
                     Tunnels, {}), then adopt it without --migrate",
                    tunnel.name,
                    path.display(),
                    tunnel.name
                )));
            }
            None if api.connections(account, &tunnel.id).await?.is_empty() => vec![],
            None => {
                return Err(SyncError::Refused(format!(
                    "a cloudflared runs the tunnel {}, and the file with its rules is not known here: without them its \
                     visitors would find nothing. Name that file by --config",
                    tunnel.name
                )));
            }
        };
        if !rules.last().is_some_and(matches_all) {
            rules.push(json!({ "service": "http_status:404" }));
        }
        let config = json!({ "ingress": rules });
        validate(&config).map_err(SyncError::Invalid)?;
        api.put_configuration(account, &tunnel.id, &config).await?;
        let after = api.tunnel(account, &tunnel.id).await?;
        if after.is_remote() {
            return Ok(after);
        }
        Err(SyncError::Refused(format!(
            "Cloudflare took the configuration of the tunnel {}, and still has it configured by a file: migrate it in the \
             dashboard (Networks, Tunnels, {}), then adopt it again",
            tunnel.name, tunnel.name
        )))
    }
}
