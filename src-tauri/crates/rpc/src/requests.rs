use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::command::commands;
use crate::{
    AccountInfo, AccountList, ActOnResource, ActedOnResource, AddAccount, AdoptPort, AdoptTunnel, Applied,
    ApplyMigration, ApplyProject, AskPort, ChangeSettings, CompareProject, Comparison, ConnectorInstalled,
    ConnectorRetired, DeleteSecret, Environment, EventList, Examination, Examine, FreePort, InspectResource,
    Inspection, InstallConnector, ListAccounts, ListPorts, ListSecrets, LogFilter, LogPage, LogRuns,
    Maintain, MeasureTraffic, MeasureUsage, Migrated, MigrationPlan, MigrationUndone, MovePort,
    PlanMigration, PlanTunnels, PortList, PortMoved, PortReport, ReadEnvironment, ReadEvents, ReadRequests,
    ReadSettings, ReleasePorts, RemoveAccount, RequestPage, ReservePorts, RestartTunnel, RetireConnector,
    SecretDeleted, SecretList, SetSecret, Settings, Share, Snapshot, SweepTunnels, TakeOverRecord,
    TrafficList, TunnelAdopted, TunnelPlans, TunnelsSwept, UndoMigration, Unshare, UsageList,
};

commands! {
    /// The first command of each connection.
    "hello" => Hello -> HelloReply,
    /// The whole state, once.
    "state.snapshot" => TakeSnapshot -> Snapshot,
    /// From now on the connection also carries updates; the first is a snapshot.
    "state.watch" => WatchState -> Done,
    /// Makes a folder's project known; asked again, it reads the configuration again.
    "project.add" => AddProject -> ProjectAdded,
    /// Stops a project and forgets it, with its ports and logs. The folder is left alone.
    "project.remove" => RemoveProject -> Done,
    /// What applying the configuration would change.
    "project.compare" => CompareProject -> Comparison,
    /// Applies the configuration to just what it changes, and takes it back when that doesn't come up.
    "project.apply" => ApplyProject -> Applied,
    "stack.start" => Start -> Done,
    "stack.stop" => Stop -> Done,
    "stack.restart" => Restart -> Done,
    /// What a service finds in its environment, and where each value comes from.
    "service.environment" => ReadEnvironment -> Environment,
    /// What the processes of services use: CPU, memory, descriptors.
    "stack.usage" => MeasureUsage -> UsageList,
    /// Why is it as it is: the timeline of services.
    "events.read" => ReadEvents -> EventList,
    "logs.read" => ReadLogs -> LogPage,
    /// The runs of which output is kept.
    "logs.runs" => ListRuns -> LogRuns,
    /// Who owns which port, and what is on it now.
    "port.list" => ListPorts -> PortList,
    /// Everything about one port.
    "port.who" => AskPort -> PortReport,
    /// Another port for a service, for good or for this time.
    "port.move" => MovePort -> PortMoved,
    /// Leaves a service's port to a server that runs there already, and routes to it.
    "port.adopt" => AdoptPort -> PortMoved,
    /// Ends the process that holds a port, as it was seen by the user.
    "port.free" => FreePort -> Done,
    /// Keeps ports out of the allocator's hands.
    "port.reserve" => ReservePorts -> Done,
    /// Ends a reservation.
    "port.release" => ReleasePorts -> Done,
    /// What is right and wrong with this machine.
    "doctor.examine" => Examine -> Examination,
    /// Moves the proxy to another port and stores it.
    "proxy.use_port" => UseProxyPort -> ProxyMoved,
    /// Opens services to visitors from outside.
    "tunnel.share" => Share -> Done,
    /// Ends that.
    "tunnel.unshare" => Unshare -> Done,
    "tunnel.restart" => RestartTunnel -> Done,
    /// Loads a cloudflared from its release.
    "tunnel.install" => InstallConnector -> ConnectorInstalled,
    /// What would be changed at Cloudflare.
    "tunnel.plan" => PlanTunnels -> TunnelPlans,
    /// Takes away what is left over there.
    "tunnel.sweep" => SweepTunnels -> TunnelsSwept,
    /// Replaces somebody else's DNS records, on the user's word.
    "tunnel.take_over" => TakeOverRecord -> Done,
    /// Uses a tunnel that is there.
    "tunnel.adopt" => AdoptTunnel -> TunnelAdopted,
    /// Ends a cloudflared of KInfra 1.0 whose names KInfra's own serves.
    "tunnel.retire" => RetireConnector -> ConnectorRetired,
    "account.add" => AddAccount -> AccountInfo,
    "account.list" => ListAccounts -> AccountList,
    "account.remove" => RemoveAccount -> Done,
    /// Begins or ends the maintenance of services.
    "proxy.maintain" => Maintain -> Done,
    /// The requests that were answered last.
    "proxy.requests" => ReadRequests -> RequestPage,
    /// What went through the proxy to each service.
    "proxy.traffic" => MeasureTraffic -> TrafficList,
    /// Puts a value into the keyring.
    "secrets.set" => SetSecret -> Done,
    /// Which secrets there are, who uses them and where they come from; never a value.
    "secrets.list" => ListSecrets -> SecretList,
    /// Takes a value out of the keyring.
    "secrets.delete" => DeleteSecret -> SecretDeleted,
    /// What a resource is where it runs, and what can be done with it there.
    "resource.inspect" => InspectResource -> Inspection,
    "resource.act" => ActOnResource -> ActedOnResource,
    "settings.read" => ReadSettings -> Settings,
    /// Changes a setting in the user's file.
    "settings.change" => ChangeSettings -> Settings,
    /// What moving over from KInfra 1.0 would do.
    "migration.plan" => PlanMigration -> MigrationPlan,
    /// Does it, after a backup.
    "migration.apply" => ApplyMigration -> Migrated,
    /// Takes the last one back.
    "migration.undo" => UndoMigration -> MigrationUndone,
    "window.show" => ShowWindow -> Done,
    "engine.quit" => Quit -> Done,
}

/// The empty answer: the command was accepted. What comes of it is seen in the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Done {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Hello {
    pub protocol: u32,
    pub version: String,
    pub pid: u32,
}

/// Who hosts the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Host {
    Desktop,
    Headless,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct HelloReply {
    pub protocol: u32,
    pub version: String,
    pub pid: u32,
    pub host: Host,
    /// The port that the local proxy listens on; none when it couldn't be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub proxy_port: Option<u16>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TakeSnapshot {}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct WatchState {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AddProject {
    /// The folder that holds `kinfra.yaml`, or one inside it.
    #[ts(type = "string")]
    pub folder: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ProjectAdded {
    /// The project's slug: how all other commands name it.
    pub project: String,
    /// The folder of another project of this name, which is why the slug is not the name alone. Told once, when it
    /// is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub namesake: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RemoveProject {
    pub project: String,
}

/// Starts the named services and groups, and all that they depend on. With none named, the whole stack: what is not
/// manual, and has no profile or one of those asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Start {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
    /// Instead of those that the configuration names; only without services.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub profiles: Vec<String>,
}

/// Stops the named services and groups, and all that depend on them; with none named, the whole stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Stop {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
}

/// Restarts just the named services and groups; with none named, the whole stack in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Restart {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
    /// Also what depends on them and runs.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub dependants: bool,
}

/// Reads log lines. Without `after` the newest `limit` lines are the page; with it, those that follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReadLogs {
    pub project: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
    /// At most this many lines; the engine caps it at 5,000.
    pub limit: u32,
    /// Without `after`: begin with the oldest lines instead of the newest.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub oldest: bool,
    #[serde(default)]
    pub filter: LogFilter,
    /// When there is nothing after the cursor: wait this long for something, in milliseconds, at most 30,000.
    #[serde(default)]
    pub wait_ms: u32,
}

/// With no service named, those of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ListRuns {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct UseProxyPort {
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ProxyMoved {
    pub port: u16,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ShowWindow {}

/// What becomes of running services when the engine ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum EndMode {
    #[default]
    StopServices,
    LeaveRunning,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Quit {
    #[serde(default)]
    pub mode: EndMode,
}
