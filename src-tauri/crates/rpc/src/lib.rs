//! The wire schema of KInfra: every command, reply, state, delta and error code, declared once.
//!
//! Nothing here does I/O. The same types travel over Tauri's IPC, the control socket and in-process calls;
//! the TypeScript twins in `ui/src/lib/rpc` are generated from them by `./dev generate`.

mod accounts;
mod changes;
mod command;
mod doctor;
mod environment;
mod events;
mod exit;
mod failure;
mod frame;
mod inspection;
mod logs;
mod mcp;
mod migration;
mod port_requests;
mod ports;
mod replicas;
mod requests;
mod resource;
mod routes;
mod secrets;
mod settings;
mod state;
mod traffic;
mod tunnel_plans;
mod tunnels;
mod update;
mod usage;

pub use accounts::{AccountInfo, AccountList, AddAccount, ListAccounts, RemoveAccount};
pub use changes::{
    Applied, ApplyProject, ChangeKind, CompareProject, Comparison, ServiceChange, SettingChange,
};
pub use command::Command;
pub use doctor::{Examination, Examine, Finding, Level};
pub use environment::{Environment, EnvironmentLayer, EnvironmentVariable, ReadEnvironment};
pub use events::{EventKind, EventList, NodeEvent, ReadEvents};
pub use exit::{Exit, signal_name};
pub use failure::{ErrorCode, Failure, Place, Problem};
pub use frame::{ClientFrame, Outcome, ServerFrame};
pub use inspection::{
    ActOnResource, ActedOnResource, InspectResource, InspectedFact, InspectedItem, InspectedList, Inspection,
    OfferedAction, SignIn, Tone,
};
pub use logs::{LogFilter, LogLine, LogPage, LogRun, LogRuns, Stream};
pub use mcp::{McpDetection, McpServer, McpTransport};
pub use migration::{
    ApplyMigration, ConnectorStep, FormerQuickTunnel, FormerTunnel, Migrated, MigratedProject,
    MigratedService, MigrationPlan, MigrationUndone, PlanMigration, PortStep, SetAside, UndoMigration,
};
pub use port_requests::{
    AdoptPort, AskPort, FreePort, HeldPort, ListPorts, MovePort, PortList, PortMoved, PortReport,
    ReleasePorts, ReservePorts,
};
pub use ports::{PortClaim, PortHolder, PortOrigin, PortRange, PortUse, Protocol, ReservedPorts};
pub use replicas::{Replica, replica_name};
pub use requests::{
    AddProject, Done, EndMode, Hello, HelloReply, Host, ListRuns, ProjectAdded, ProxyMoved, Quit, ReadLogs,
    RemoveProject, Request, Restart, ShowWindow, Start, Stop, TakeSnapshot, UseProxyPort, WatchState,
};
pub use resource::ResourceInfo;
pub use routes::{Forwarding, HostHeader, RouteState, UpstreamProtocol, project_host};
pub use secrets::{
    DeleteSecret, KeyringState, KeyringStatus, ListSecrets, SecretDeleted, SecretInfo, SecretList,
    SecretOrigin, SecretUse, SecretValue, SetSecret,
};
pub use settings::{ChangeSettings, ReadSettings, Settings};
pub use state::{
    Condition, EngineState, Health, NodeKind, NodeState, Pending, Phase, ProjectState, ProxyState, Snapshot,
    StackStatus, Wanted,
};
pub use traffic::{
    Latency, Maintain, Maintenance, MeasureTraffic, ReadRequests, RequestPage, RequestRecord, RequestTrouble,
    ServiceTraffic, TrafficList,
};
pub use tunnel_plans::{
    AccountPlan, AdoptTunnel, ConnectorRetired, ForeignRecord, LeftoverInfo, PlanTunnels, RetireConnector,
    SweepTunnels, TakeOverRecord, TunnelAdopted, TunnelPlans, TunnelsSwept,
};
pub use tunnels::{
    ConnectorInstalled, Download, Exposure, FormerConnector, InstallConnector, RestartTunnel, Share,
    TunnelKind, TunnelState, TunnelStatus, Unshare,
};
pub use update::{Change, Delta, Notice, NoticeOffer, Update};
pub use usage::{MeasureUsage, NodeUsage, UsageList};

/// The version of the protocol spoken over the control socket. It only grows: unknown fields are ignored by
/// both sides, so it changes only when an old client could no longer be served.
pub const PROTOCOL: u32 = 1;
