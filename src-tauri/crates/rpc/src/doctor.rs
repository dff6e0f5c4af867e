//! What is right and wrong with this machine, for KInfra.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Examine {}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Examination {
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Level {
    #[default]
    Good,
    /// Works, and may not always.
    Note,
    Bad,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Finding {
    /// Stable, for programs: `ports.ephemeral`.
    pub id: String,
    pub level: Level,
    /// One line.
    pub title: String,
    /// What it is about, a line each.
    #[serde(default)]
    pub details: Vec<String>,
    /// What to run, if a person wants that; KInfra runs none of it by itself.
    #[serde(default)]
    pub steps: Vec<String>,
    /// What to run to take those steps back.
    #[serde(default)]
    pub undo: Vec<String>,
}
