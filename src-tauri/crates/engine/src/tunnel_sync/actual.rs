use std::collections::{BTreeMap, BTreeSet};

use super::desired::Desired;
use super::ledger::Ledger;
use super::machine::Machine;
use crate::cloudflare::{Api, CloudflareError, Configuration, Record, Tunnel, Zone, zone_of};

/// What Cloudflare has, as far as one account is concerned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Actual {
    pub zones: Vec<Zone>,
    /// Those that are not deleted.
    pub tunnels: Vec<Tunnel>,
    /// Of this machine's tunnel.
    pub configuration: Option<Configuration>,
    /// All records of the zones that were read, by the zone's id.
    pub records: BTreeMap<String, Vec<Record>>,
    /// Why others could not be.
    pub unread: BTreeMap<String, String>,
}

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// At the zones of what is wanted and of what is known.
    Concerned,
    /// At all zones of the account: what nobody knows any more is found there.
    Everything,
}

/// This machine's tunnel among those that are there: the one that is known, else the one that has its name, which is
/// how one is recognised that was made just before a crash. One of that name that a file configures is somebody else's.
pub(super) fn own_tunnel<'a>(
    ledger: &Ledger,
    machine: &Machine,
    tunnels: &'a [Tunnel],
) -> Option<&'a Tunnel> {
    let id = ledger.tunnel.as_ref().and_then(|tunnel| tunnel.id.as_deref());
    let by_id = tunnels.iter().find(|tunnel| Some(tunnel.id.as_str()) == id);
    let name = own_name(ledger, machine);
    let by_name = || tunnels.iter().find(|tunnel| tunnel.name == name && tunnel.is_remote());
    // With nothing known, the database was lost: the host may have had another name then.
    let any_name =
        || tunnels.iter().find(|tunnel| machine.is_tunnel_name(&tunnel.name) && tunnel.is_remote());
    by_id.or_else(by_name).or_else(|| if ledger.tunnel.is_none() { any_name() } else { None })
}

/// What this machine's tunnel is called, or will be.
pub(super) fn own_name(ledger: &Ledger, machine: &Machine) -> String {
    let known = ledger.tunnel.as_ref().map(|tunnel| &tunnel.name);
    known.filter(|name| machine.is_tunnel_name(name)).cloned().unwrap_or_else(|| machine.tunnel_name(0))
}

/// Whether nobody can tell now what records a name has: its zone could not be read, or is known and not reached any
/// more. A token that lost its permission is shown no zones at all, which is no reason to take a rule away.
pub(super) fn is_unknown(actual: &Actual, ledger: &Ledger, hostname: &str) -> bool {
    match zone_of(hostname, &actual.zones) {
        None => ledger.records.contains_key(hostname),
        Some(zone) => actual.unread.contains_key(&zone.id),
    }
}

impl Actual {
    /// # Errors
    /// When what all depends on can't be read; a zone that can't be is noted.
    pub(super) async fn read(
        api: &Api,
        account: &str,
        machine: &Machine,
        desired: &Desired,
        ledger: &Ledger,
        scope: Scope,
    ) -> Result<Self, CloudflareError> {
        let mut zones = api.zones().await?;
        zones.retain(|zone| zone.account.id == account);
        let mut tunnels = api.tunnels(account, None).await?;
        let known = ledger.tunnel.as_ref().and_then(|tunnel| tunnel.id.as_deref());
        if let Some(id) = known.filter(|id| !tunnels.iter().any(|tunnel| tunnel.id == **id)) {
            // A list may lag behind, and a second tunnel would be made in vain.
            match api.tunnel(account, id).await {
                Ok(tunnel) if tunnel.deleted_at.is_none() => tunnels.push(tunnel),
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        let configuration = match own_tunnel(ledger, machine, &tunnels) {
            None => None,
            Some(tunnel) => match api.configuration(account, &tunnel.id).await {
                Ok(configuration) => Some(configuration),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error),
            },
        };
        let mut actual = Self { zones, tunnels, configuration, ..Self::default() };
        for zone in actual.concerned(desired, ledger, scope) {
            match api.records(&zone).await {
                Ok(mut records) => {
                    records.iter_mut().for_each(|record| record.name.make_ascii_lowercase());
                    actual.records.insert(zone, records);
                }
                Err(error) if error.is_of_all_calls() => return Err(error),
                Err(error) => drop(actual.unread.insert(zone, error.to_string())),
            }
        }
        Ok(actual)
    }

    fn concerned(&self, desired: &Desired, ledger: &Ledger, scope: Scope) -> BTreeSet<String> {
        let all = self.zones.iter().map(|zone| zone.id.clone());
        if scope == Scope::Everything {
            return all.collect();
        }
        let there: BTreeSet<String> = all.collect();
        let wanted = desired.hostnames.keys().filter_map(|host| zone_of(host, &self.zones));
        let known = ledger.records.values().map(|record| record.zone.clone());
        // A zone that has left the account, or that the token doesn't reach any more, can't be read.
        wanted.map(|zone| zone.id.clone()).chain(known.filter(|zone| there.contains(zone))).collect()
    }

    /// The records of a name, of those kinds that exclude another one of ours.
    pub(super) fn at(&self, zone: &str, hostname: &str) -> Vec<&Record> {
        let of_zone = self.records.get(zone).map(Vec::as_slice).unwrap_or_default();
        of_zone.iter().filter(|record| excludes(record) && record.name == hostname).collect()
    }

    pub(super) fn has_tunnel(&self, id: &str) -> bool {
        self.tunnels.iter().any(|tunnel| tunnel.id == id)
    }
}

/// Whether a record can't be beside one of ours.
pub(super) fn excludes(record: &Record) -> bool {
    ["A", "AAAA", "CNAME", "NS"].contains(&record.kind.as_str())
}

/// The tunnel that a record leads to.
pub(super) fn tunnel_of(record: &Record) -> Option<&str> {
    (record.kind == "CNAME").then_some(())?;
    record.content.trim_end_matches('.').strip_suffix(".cfargotunnel.com")
}

/// Where a record leads that leads to a tunnel.
pub(super) fn target(tunnel: &str) -> String {
    format!("{tunnel}.cfargotunnel.com")
}
