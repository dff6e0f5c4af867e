//! What is public: the tunnels that lead here, and what is shared through them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Problem;

/// Whether visitors from outside get through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum TunnelStatus {
    #[default]
    Off,
    Connecting,
    Healthy,
    /// Visitors get through, by less than all of its connections.
    Degraded,
    Down,
    /// Cloudflare refuses it: nothing but a person will change that.
    Unauthorised,
    /// Somebody has deleted it at Cloudflare.
    Deleted,
}

impl TunnelStatus {
    /// As people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connecting => "connecting",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unauthorised => "unauthorised",
            Self::Deleted => "deleted",
        }
    }

    /// Whether visitors get through.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }

    /// Whether it was to be up, and visitors don't get through.
    #[must_use]
    pub const fn is_broken(self) -> bool {
        matches!(self, Self::Down | Self::Unauthorised | Self::Deleted)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum TunnelKind {
    /// Without an account: one name of Cloudflare's own, another one after each start.
    #[default]
    Quick,
    /// Of an account, for all host names of this machine.
    Named,
}

/// One connector, and what leads through it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TunnelState {
    /// How commands name it; unique: `quick-shop-web`.
    pub name: String,
    pub kind: TunnelKind,
    pub status: TunnelStatus,
    /// Why, in words: `4 connections`, `no sign of life from Cloudflare for two seconds`.
    pub reason: String,
    /// Since when it has this status, in milliseconds since 1970.
    #[ts(type = "number")]
    pub since: u64,
    /// Those of its host names that are known.
    pub hosts: Vec<String>,
    /// How many of its connections with Cloudflare's edge there are.
    pub connections: u32,
    /// Under which Cloudflare knows this run of the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub connector: Option<String>,
    /// `quic` or `http2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<Problem>,
}

/// What is shared of a service, and how it fares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Exposure {
    /// The tunnel's kind.
    pub kind: TunnelKind,
    /// Where visitors find it; none while Cloudflare has not named it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    /// Off: it is not shared now.
    pub status: TunnelStatus,
    /// Why, in words.
    pub reason: String,
    /// When it ends by itself, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub ends_at: Option<u64>,
    /// The tunnel that it takes, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tunnel: Option<String>,
}

impl Exposure {
    /// Whether anyone who knows the link may come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status != TunnelStatus::Off
    }
}

/// Opens services to everybody who knows their link: by the names that their configuration gives them, else by one of
/// Cloudflare's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Share {
    pub project: String,
    pub services: Vec<String>,
    /// It ends by itself after so many seconds; none: as the configuration has it, else never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub seconds: Option<u64>,
}

/// Ends what is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Unshare {
    /// None: everything of every project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub project: Option<String>,
    /// Empty: all of the project.
    #[serde(default)]
    pub services: Vec<String>,
}

/// A cloudflared that KInfra 1.0 had started and that goes on. It is a pid *and* a start, and never ended but on its
/// user's word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct FormerConnector {
    /// The id or the name of its tunnel; none: a name of Cloudflare's own, which is gone when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tunnel: Option<String>,
    pub hosts: Vec<String>,
    pub pid: u32,
    /// When it was started, in milliseconds since 1970.
    #[ts(type = "number")]
    pub since: u64,
}

/// Starts a tunnel's connector anew, now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RestartTunnel {
    pub tunnel: String,
}

/// Loads a cloudflared from its release, in one pinned version, for whoever has none. Answers when it is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct InstallConnector {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ConnectorInstalled {
    #[ts(type = "string")]
    pub program: std::path::PathBuf,
    pub version: String,
}

/// How far a download is, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Download {
    #[ts(type = "number")]
    pub done: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub whole: Option<u64>,
}
