//! What Cloudflare has, as far as KInfra reads it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenStatus {
    pub id: String,
    /// `active`, `disabled` or `expired`.
    pub status: String,
    #[serde(default)]
    pub expires_on: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Account {
    pub id: String,
    #[serde(default)]
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    pub id: String,
    /// Its domain.
    pub name: String,
    /// `active`, or why it isn't.
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub paused: bool,
    #[serde(default)]
    pub account: ZoneAccount,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ZoneAccount {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tunnel {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub deleted_at: Option<String>,
    /// `inactive` (never ran), `healthy`, `degraded` or `down`; it lags behind.
    #[serde(default)]
    pub status: Option<String>,
    /// `cloudflare`, or `local` where a file on a machine configures it.
    #[serde(default)]
    pub config_src: Option<String>,
    #[serde(default)]
    pub remote_config: Option<bool>,
}

impl Tunnel {
    /// Whether its configuration is Cloudflare's and not a file's.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        match self.config_src.as_deref() {
            Some(source) => source == "cloudflare",
            None => self.remote_config == Some(true),
        }
    }
}

/// The configuration of a tunnel. What it holds is kept as it came, so that keys that KInfra knows nothing of survive.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Configuration {
    /// Grows with each change; 0 or -1 before the first.
    #[serde(default = "unset")]
    pub version: i64,
    #[serde(default)]
    pub config: Option<Value>,
    #[serde(default)]
    pub source: Option<String>,
}

fn unset() -> i64 {
    -1
}

/// A cloudflared that is connected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connector {
    pub id: String,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub config_version: Option<i64>,
    #[serde(default)]
    pub conns: Vec<ConnectorConnection>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConnectorConnection {
    #[serde(default)]
    pub colo_name: Option<String>,
    #[serde(default)]
    pub origin_ip: Option<String>,
}

/// A DNS record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The whole name, in lower case, as DNS has it.
    pub name: String,
    #[serde(default)]
    pub content: String,
    #[serde(default)]
    pub proxied: bool,
    /// In seconds; 1 is *automatic*.
    #[serde(default)]
    pub ttl: Option<u64>,
    #[serde(default)]
    pub comment: Option<String>,
    #[serde(default)]
    pub modified_on: Option<String>,
}
