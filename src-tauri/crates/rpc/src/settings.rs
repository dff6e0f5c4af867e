//! The user's own settings, which hold for all projects.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PortRange;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReadSettings {}

/// Writes into the settings' file just what is given, and leaves all else in it as it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ChangeSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub restore: Option<bool>,
}

/// What the file says now, with every default filled in. Ports and logs take effect with the next engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Settings {
    /// The file; where it isn't there yet, the one that would be made.
    #[ts(type = "string")]
    pub file: PathBuf,
    pub exists: bool,
    /// Whether an engine starts what ran when the last one ended, and the desktop app starts at login.
    pub restore: bool,
    /// Where ports are chosen.
    pub range: PortRange,
    /// Ports that are never chosen.
    pub reserved: Vec<PortRange>,
    /// How many bytes are kept of the log of a service that doesn't say it itself.
    #[ts(type = "number")]
    pub log_bytes: u64,
}
