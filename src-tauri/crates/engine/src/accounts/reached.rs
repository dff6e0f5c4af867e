use std::collections::BTreeSet;

use kinfra_rpc::AccountInfo;
use serde::{Deserialize, Serialize};

use crate::cloudflare::{TokenKind, TokenReport, Zone, ZoneAccount, zone_of};

/// What was found with a token, as it is stored: no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// `user` or `account`
    pub owner: String,
    /// Ids, and names as far as they are known.
    pub accounts: Vec<(String, String)>,
    pub zones: Vec<ReachedZone>,
    pub missing: Vec<String>,
    pub unproven: Vec<String>,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedZone {
    pub name: String,
    /// The id of its account.
    pub account: String,
}

impl Reached {
    #[must_use]
    pub fn of(report: &TokenReport) -> Self {
        let texts = |permissions: &[crate::cloudflare::Permission]| {
            permissions.iter().map(ToString::to_string).collect()
        };
        Self {
            owner: match report.kind {
                TokenKind::User => "user".to_owned(),
                TokenKind::Account => "account".to_owned(),
            },
            accounts: report
                .accounts
                .iter()
                .map(|account| (account.id.clone(), account.name.clone()))
                .collect(),
            zones: report
                .zones
                .iter()
                .map(|zone| ReachedZone { name: zone.name.clone(), account: zone.account.id.clone() })
                .collect(),
            missing: texts(&report.missing),
            unproven: texts(&report.unproven),
            notes: report.notes.clone(),
        }
    }

    /// The account, by its id, and the length of the zone's name, whose zone a host name is in.
    #[must_use]
    pub fn account_of(&self, host: &str) -> Option<(&str, usize)> {
        let zones: Vec<Zone> = self.zones.iter().map(ReachedZone::as_zone).collect();
        let name = &zone_of(host, &zones)?.name;
        let zone = self.zones.iter().find(|zone| zone.name == *name)?;
        Some((&zone.account, name.len()))
    }

    /// The ids of all accounts.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        let of_zones = self.zones.iter().map(|zone| &*zone.account);
        self.accounts.iter().map(|(id, _)| &**id).chain(of_zones).collect()
    }

    /// As a person would call one of its accounts.
    #[must_use]
    pub fn name_of(&self, account: &str) -> Option<&str> {
        let (_, name) = self.accounts.iter().find(|(id, _)| id == account)?;
        (!name.is_empty()).then_some(name)
    }

    #[must_use]
    pub fn info(&self, name: &str) -> AccountInfo {
        let called = |(id, name): &(String, String)| if name.is_empty() { id.clone() } else { name.clone() };
        AccountInfo {
            name: name.to_owned(),
            owner: self.owner.clone(),
            accounts: self.accounts.iter().map(called).collect(),
            zones: self.zones.iter().map(|zone| zone.name.clone()).collect(),
            missing: self.missing.clone(),
            unproven: self.unproven.clone(),
            notes: self.notes.clone(),
            problem: None,
        }
    }
}

impl ReachedZone {
    fn as_zone(&self) -> Zone {
        Zone {
            id: String::new(),
            name: self.name.clone(),
            status: "active".to_owned(),
            paused: false,
            account: ZoneAccount { id: self.account.clone(), name: None },
        }
    }
}
