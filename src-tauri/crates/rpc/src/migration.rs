//! Moving over from KInfra 1.0, the Python library: what would be done, done, and taken back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{PortRange, Problem};

/// What moving over would do. Changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PlanMigration {
    /// The user's own folder; without it, the one that the engine was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub home: Option<PathBuf>,
    /// Folders of projects, to be looked into as well.
    #[serde(default)]
    #[ts(type = "Array<string>")]
    pub folders: Vec<PathBuf>,
}

/// Does what [`PlanMigration`] would say now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ApplyMigration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub home: Option<PathBuf>,
    #[serde(default)]
    #[ts(type = "Array<string>")]
    pub folders: Vec<PathBuf>,
}

/// Takes the last migration back that is not taken back yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct UndoMigration {}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MigrationPlan {
    pub projects: Vec<MigratedProject>,
    pub tunnels: Vec<FormerTunnel>,
    /// Names of Cloudflare's own that a process of the library's serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<FormerQuickTunnel>>", optional)]
    pub quick_tunnels: Vec<FormerQuickTunnel>,
    /// Files, or entries of them, that can't be used.
    pub set_aside: Vec<SetAside>,
    pub notes: Vec<String>,
    /// What was read.
    #[ts(type = "Array<string>")]
    pub files: Vec<PathBuf>,
    /// Whether there is anything to do.
    pub pending: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MigratedProject {
    pub name: String,
    #[ts(type = "string")]
    pub folder: PathBuf,
    /// It exists in calls of Python alone, and its folder is one of KInfra's own.
    pub generated: bool,
    /// What is written to its `kinfra.yaml`; none: it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// What its `kinfra.yaml`, which is its user's own, lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub lacks: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub range: Option<PortRange>,
    pub services: Vec<MigratedService>,
    /// The files that it is known from.
    #[ts(type = "Array<string>")]
    pub sources: Vec<PathBuf>,
    /// Why nothing can be done for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub obstacle: Option<String>,
}

/// What becomes of a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum PortStep {
    /// It is the service's own from now on.
    #[default]
    Keep,
    /// The same, and left to the server that runs there.
    Adopt,
    /// It is the service's own already.
    Settled,
    /// It is another one's, and stays there.
    Conflict,
    /// The service has another one, by its user's own choice.
    Other,
    /// None was known: one is chosen.
    Choose,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MigratedService {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub port: Option<u16>,
    pub step: PortStep,
    /// What else is to be known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
    /// `host`, or `host/path`: where visitors find it.
    pub public: Vec<String>,
    /// The tunnel at Cloudflare that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tunnel: Option<String>,
    /// How it is started is not known: its user has to write that.
    pub to_fill_in: bool,
    /// The server that the port is left to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pid: Option<u32>,
}

/// A tunnel at Cloudflare that KInfra 1.0 made. It stays as it is until it is adopted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct FormerTunnel {
    /// Its id, or its name.
    pub tunnel: String,
    pub hosts: Vec<String>,
    /// What to run to have it adopted.
    pub command: String,
    /// The cloudflared that runs it now. It goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pid: Option<u32>,
    /// Others that run it as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<u32>>", optional)]
    pub other_pids: Vec<u32>,
    /// What becomes of it; none while no cloudflared runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub connector: Option<ConnectorStep>,
}

/// What becomes of a cloudflared that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum ConnectorStep {
    /// It is the library's, by its pid and by when it was started: that is written down, so that it can be shown, and
    /// ended on its user's word.
    Know,
    /// That is done already.
    Known,
    /// Nothing says that the library started it: it is left alone.
    Stranger,
}

/// A name of Cloudflare's own. It is the process's, and gone with it: it can't be handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct FormerQuickTunnel {
    pub host: String,
    pub project: String,
    pub service: String,
    /// Of the port that it leads to.
    pub port: u16,
    pub pid: u32,
    pub connector: ConnectorStep,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SetAside {
    #[ts(type = "string")]
    pub file: PathBuf,
    pub why: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Migrated {
    pub plan: MigrationPlan,
    /// Where copies of everything are that was read or written over; none: there was nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub backup: Option<PathBuf>,
    /// What could not be done. All else is.
    #[serde(default)]
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MigrationUndone {
    /// Whether there was one to be taken back.
    pub found: bool,
    pub done: Vec<String>,
    /// What stays, since it was changed since or is in use.
    pub kept: Vec<String>,
}
