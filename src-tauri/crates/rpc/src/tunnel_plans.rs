//! What Cloudflare has, what it should have, and what would be changed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What would be changed at Cloudflare. Changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PlanTunnels {
    /// Also look for what is left over, in all zones.
    #[serde(default)]
    pub everything: bool,
}

/// Makes everything of this machine at Cloudflare what is wanted, and deletes what is left over of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SweepTunnels {
    /// What else is to be deleted of what was found, by its id.
    #[serde(default)]
    pub also: Vec<String>,
}

/// Lets KInfra replace somebody else's DNS records of a host name, as they were when they were seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TakeOverRecord {
    pub host: String,
    /// What came with them.
    pub seal: String,
}

/// Takes a tunnel over that is there, with the records and rules of some host names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AdoptTunnel {
    pub tunnel: String,
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Have one that a file configures be migrated, which can't be undone.
    #[serde(default)]
    pub migrate: bool,
    /// The file that configures it, whose rules are kept; without it, the one that is known, or is in the user's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub config: Option<PathBuf>,
}

/// Ends the cloudflared of KInfra 1.0 that runs a tunnel, if KInfra's own serves each of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RetireConnector {
    /// The id or the name of the tunnel.
    pub tunnel: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ConnectorRetired {
    /// Those that were ended; none: they had ended before.
    pub pids: Vec<u32>,
    /// What they served.
    pub hosts: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TunnelAdopted {
    pub name: String,
    pub records: Vec<String>,
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TunnelPlans {
    /// One for each account that has something, or should.
    pub accounts: Vec<AccountPlan>,
    /// Host names that no known account has a zone for.
    pub homeless: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AccountPlan {
    /// Its name, or its id.
    pub account: String,
    /// What is to be done, in order.
    pub steps: Vec<String>,
    /// Somebody else's records in the place of wanted ones.
    pub foreign: Vec<ForeignRecord>,
    pub warnings: Vec<String>,
    pub leftovers: Vec<LeftoverInfo>,
    /// Why nothing can be done, or said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub obstacle: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ForeignRecord {
    pub host: String,
    /// What is there, and whose it is as far as that is known.
    pub what: String,
    /// What to hand back to have it replaced.
    pub seal: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LeftoverInfo {
    pub id: String,
    pub what: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TunnelsSwept {
    pub done: Vec<String>,
    pub refused: Vec<String>,
    pub left: Vec<LeftoverInfo>,
}
