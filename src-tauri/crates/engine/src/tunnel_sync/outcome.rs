use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use super::plan::Leftover;
use crate::cloudflare::{CloudflareError, Record};
use crate::store::StoreError;

/// What is true at Cloudflare after a run: read again, not concluded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// None where nothing was ever wanted.
    pub tunnel: Option<SyncedTunnel>,
    pub hosts: BTreeMap<String, HostState>,
    pub warnings: Vec<String>,
    pub leftovers: Vec<Leftover>,
    /// The steps that were taken, in words.
    pub done: Vec<String>,
    /// Why nothing was done.
    pub obstacle: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncedTunnel {
    pub id: String,
    pub name: String,
    /// Of its configuration.
    pub version: i64,
}

/// How a host name stands.
#[derive(Debug, Clone, PartialEq)]
pub enum HostState {
    Synced,
    /// Its record is not made yet.
    Waiting {
        why: String,
    },
    /// Somebody else's records are there. `seal` is what to hand to `take_over` to replace them.
    Foreign {
        records: Vec<Record>,
        why: String,
        seal: String,
    },
    /// Somebody else's rule in the tunnel's configuration takes its requests.
    ForeignRule {
        rule: Value,
    },
    /// No zone of the account has it.
    NoZone,
    Failed {
        error: String,
    },
}

impl Outcome {
    /// Whether another run may do more, without anybody doing anything.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.hosts.values().any(|state| matches!(state, HostState::Failed { .. } | HostState::Waiting { .. }))
    }
}

/// Why a run came to no outcome.
#[derive(Debug, Error)]
pub enum SyncError {
    #[error(transparent)]
    Cloudflare(#[from] CloudflareError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Never to be seen: it would be refused.
    #[error("the tunnel's new configuration is not sent, for cloudflared would refuse it: {0}")]
    Invalid(String),
    #[error("{0}")]
    Refused(String),
}
