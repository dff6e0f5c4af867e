use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a variable's value comes from, from the lowest layer to the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum EnvironmentLayer {
    System,
    Settings,
    ProjectFile,
    Project,
    ServiceFile,
    Dependency,
    Service,
    Ports,
}

/// One variable that a service finds in its environment. The value is the real one: whoever shows it hides what is
/// secret. Only what stands in a keyring or the like is named and not told: `${secret:NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct EnvironmentVariable {
    pub name: String,
    pub value: String,
    pub layer: EnvironmentLayer,
    /// Of a value that stands in a file of variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub file: Option<PathBuf>,
    /// The secrets whose names stand in the value in the place of theirs: nobody is asked for them.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub secrets: Vec<String>,
    /// Lower layers that say something else, the lowest first.
    pub shadows: Vec<EnvironmentLayer>,
}

/// What a service would find in its environment if it were started now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReadEnvironment {
    pub project: String,
    pub service: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Environment {
    /// By name.
    pub variables: Vec<EnvironmentVariable>,
}
