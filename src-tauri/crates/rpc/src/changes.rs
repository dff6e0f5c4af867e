use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Problem;

/// What a configuration says of one service, against what is in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ServiceChange {
    pub service: String,
    pub kind: ChangeKind,
    /// Of a changed service.
    #[serde(default)]
    pub settings: Vec<SettingChange>,
    /// To apply it, the service's process is started anew.
    #[serde(default)]
    pub restarts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}

/// One setting, before and after; none where it wasn't or isn't there, or is more than a line can say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SettingChange {
    /// As in the configuration: `run`, `env.LOG_LEVEL`.
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
}

/// Reads the configuration, and says what applying it would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct CompareProject {
    pub project: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Comparison {
    pub changes: Vec<ServiceChange>,
}

/// Applies the configuration to just what it changes. Answered when that is up, or what was before is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ApplyProject {
    pub project: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Applied {
    pub changes: Vec<ServiceChange>,
    /// Why the new part didn't come up; then what was before is back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Problem>>", optional)]
    pub rolled_back: Vec<Problem>,
}
