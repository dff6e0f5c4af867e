use std::fmt::{self, Display, Formatter};

use super::ledger::was;
use crate::cloudflare::Record;

/// One thing to do at Cloudflare, as `kinfra tunnels plan` says it.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    CreateTunnel {
        name: String,
    },
    DeleteRecord {
        zone: String,
        record: Record,
        was: Option<serde_json::Value>,
    },
    /// One change of the configuration, with what it changes.
    ChangeRules {
        added: Vec<String>,
        changed: Vec<String>,
        removed: Vec<String>,
    },
    CreateRecord {
        zone: String,
        hostname: String,
        owner: String,
    },
    PatchRecord {
        zone: String,
        record: Record,
        owner: String,
        why: &'static str,
    },
    /// In the place of somebody else's, by the user's word.
    ReplaceRecords {
        zone: String,
        hostname: String,
        owner: String,
        records: Vec<Record>,
    },
}

/// So many names are told, and of the others how many.
const NAMED: usize = 4;

impl Step {
    /// Whether it makes visitors come: then the connector must know the rule.
    #[must_use]
    pub fn leads_visitors(&self) -> bool {
        self.visitors_of().is_some()
    }

    /// Of which host name.
    pub(super) fn visitors_of(&self) -> Option<&str> {
        match self {
            Self::CreateRecord { hostname, .. } | Self::ReplaceRecords { hostname, .. } => Some(hostname),
            Self::PatchRecord { record, .. } => Some(&record.name),
            Self::CreateTunnel { .. } | Self::DeleteRecord { .. } | Self::ChangeRules { .. } => None,
        }
    }
}

impl Display for Step {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTunnel { name } => write!(formatter, "create the tunnel {name}"),
            Self::DeleteRecord { record, was: before, .. } => {
                write!(formatter, "delete the DNS record of {}", record.name)?;
                match was(before.as_ref()) {
                    before if before.is_empty() => Ok(()),
                    before => write!(formatter, " (before KInfra's there was: {before})"),
                }
            }
            Self::ChangeRules { added, changed, removed } => {
                let parts: Vec<String> = [("add", added), ("change", changed), ("remove", removed)]
                    .into_iter()
                    .filter(|(_, hosts)| !hosts.is_empty())
                    .map(|(verb, hosts)| format!("{verb} {}", some_of(hosts)))
                    .collect();
                match parts.is_empty() {
                    true => write!(formatter, "put the tunnel's rules in order"),
                    false => write!(formatter, "change the tunnel's rules: {}", parts.join("; ")),
                }
            }
            Self::CreateRecord { hostname, owner, .. } => {
                write!(formatter, "create the DNS record of {hostname} for {owner}")
            }
            Self::PatchRecord { record, why, .. } => {
                write!(formatter, "change the DNS record of {}: {why}", record.name)
            }
            Self::ReplaceRecords { hostname, owner, records, .. } => {
                let there: Vec<String> =
                    records.iter().map(|record| format!("{} {}", record.kind, record.content)).collect();
                write!(
                    formatter,
                    "replace the DNS record of {hostname} ({}) by one for {owner}",
                    there.join(", ")
                )
            }
        }
    }
}

fn some_of(hosts: &[String]) -> String {
    if hosts.len() <= NAMED + 1 {
        return hosts.join(", ");
    }
    format!("{} and {} more", hosts[..NAMED].join(", "), hosts.len() - NAMED)
}
