use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    Download, ErrorCode, Exit, Exposure, FormerConnector, Forwarding, Maintenance, McpServer, Problem,
    Replica, ResourceInfo, RouteState, ServiceChange, TunnelState, project_host,
};

/// Where a node is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Phase {
    #[default]
    Stopped,
    Waiting,
    Starting,
    Running,
    Stopping,
    Exited,
    Failed,
    CrashLooping,
}

/// What the probes say. A running node can be unhealthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Health {
    #[default]
    Unknown,
    Starting,
    Healthy,
    Degraded,
    Unhealthy,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum NodeKind {
    #[default]
    Service,
    Task,
    Resource,
}

/// What the user asked of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Wanted {
    #[default]
    Stopped,
    Running,
}

/// What a node waits for of one that it depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Condition {
    /// Its process is there.
    Started,
    #[default]
    Healthy,
    /// It has ended with success.
    Completed,
}

/// What was asked of a node that runs on meanwhile: others go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Pending {
    Stop,
    Restart,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct NodeState {
    pub name: String,
    pub kind: NodeKind,
    /// It is one of several processes of a service; none where it is the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub replica: Option<Replica>,
    pub wanted: Wanted,
    pub phase: Phase,
    pub health: Health,
    /// What was asked of it and is still to be done; none while it doesn't run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pending: Option<Pending>,
    /// One line of truth: `healthy · 12 ms`, `waits for db`, `exited with code 1, next try in 4 s`.
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub port: Option<u16>,
    /// Where it really listens, when that is not its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub listens_on: Option<u16>,
    /// Its port is left to a server that KInfra did not start, and never ends.
    #[serde(default)]
    pub adopted: bool,
    /// Through the proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    /// Straight to the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub direct_url: Option<String>,
    /// Where visitors from outside find it, while it is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub public_url: Option<String>,
    /// Where it is reachable through the proxy on this machine, its own host with the path `/` first; empty for one
    /// that serves nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<RouteState>>", optional)]
    pub routes: Vec<RouteState>,
    /// Where it is reachable for whoever comes through a tunnel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<RouteState>>", optional)]
    pub published: Vec<RouteState>,
    /// What of it is public, and how that fares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Exposure>>", optional)]
    pub exposures: Vec<Exposure>,
    /// Its visitors are shown a page instead of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub maintenance: Option<Maintenance>,
    /// It is an MCP server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mcp: Option<McpServer>,
    /// What is known of a resource that is known of no service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resource: Option<ResourceInfo>,
    /// How its requests are handed on.
    #[serde(default, skip_serializing_if = "Forwarding::is_default")]
    #[ts(as = "Option<Forwarding>", optional)]
    pub forwarding: Forwarding,
    /// When the present process was started, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub started_at: Option<u64>,
    /// Restarts since the user's last Start.
    pub restarts: u32,
    pub depends_on: Vec<String>,
    /// By dependency, what it waits for where that is not its health.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, Condition>>", optional)]
    pub conditions: BTreeMap<String, Condition>,
    /// The dependencies that keep it from starting now.
    pub waits_for: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_exit: Option<Exit>,
    /// When the next try begins, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub retry_at: Option<u64>,
    /// When a stop turns into a kill, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub kill_at: Option<u64>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<Problem>,
    /// What it said last before it ended by itself; none while it runs.
    #[serde(default)]
    pub last_lines: Vec<String>,
    /// It runs with other settings than the configuration has: a restart would apply them.
    #[serde(default)]
    pub changed: bool,
    /// A start of the whole project leaves it out: it is manual, or of a profile that isn't asked for.
    #[serde(default)]
    pub optional: bool,
}

/// A stack as a whole, worst first where it has several truths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum StackStatus {
    #[default]
    Stopped,
    Starting,
    Running,
    Degraded,
    Failed,
    Stopping,
}

impl StackStatus {
    /// As people read it, in menus and terminals.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Stopping => "stopping",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ProjectState {
    /// How commands name it; unique.
    pub slug: String,
    pub name: String,
    #[ts(type = "string")]
    pub folder: PathBuf,
    /// In the order of the configuration.
    pub nodes: Vec<NodeState>,
    /// Names for several services at once.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// The services that are started with the project only when their profile is asked for, by profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, Vec<String>>>", optional)]
    pub profiles: BTreeMap<String, Vec<String>>,
    /// What is wrong with its configuration; the nodes are then those of the last good one.
    pub problems: Vec<Problem>,
    /// What the configuration says now, and is not in effect: it was changed since it was last taken up.
    #[serde(default)]
    pub changes: Vec<ServiceChange>,
    /// A changed configuration is being applied.
    #[serde(default)]
    pub applying: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ProxyState {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub port: Option<u16>,
    /// Why it doesn't listen where it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<Problem>,
    /// A free port to move to, when its own is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub offered_port: Option<u16>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct EngineState {
    pub version: String,
    pub pid: u32,
    /// The user's own folder, so that paths can be shown as people write them: `~/work/shop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub user_folder: Option<PathBuf>,
    pub proxy: ProxyState,
    /// In the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<TunnelState>>", optional)]
    pub tunnels: Vec<TunnelState>,
    /// What KInfra 1.0 left running.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<FormerConnector>>", optional)]
    pub former_connectors: Vec<FormerConnector>,
    /// A cloudflared is being loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub download: Option<Download>,
    /// What a person should know of KInfra itself, such as a database that had to be set aside.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// Whether the user's settings say now that it starts again what ran.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub restore: bool,
    /// True from Quit on.
    pub ending: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Snapshot {
    /// Grows by one with each delta; stays far below 2^53.
    #[ts(type = "number")]
    pub revision: u64,
    pub engine: EngineState,
    pub projects: Vec<ProjectState>,
}

impl Phase {
    /// Whether a process may exist.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

impl NodeState {
    /// What it waits for of one that it depends on.
    #[must_use]
    pub fn condition(&self, dependency: &str) -> Condition {
        self.conditions.get(dependency).copied().unwrap_or_default()
    }

    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.phase == Phase::Running && self.health == Health::Healthy
    }

    /// Whether somebody has paused it: it costs nothing, and serves nobody.
    #[must_use]
    pub fn paused(&self) -> Option<&Problem> {
        let codes = [ErrorCode::ResourcePaused, ErrorCode::ResourcePausedByVendor];
        self.problem.as_ref().filter(|problem| self.phase == Phase::Running && codes.contains(&problem.code))
    }

    /// It gets requests: it is healthy, or was and is in doubt.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Running && matches!(self.health, Health::Healthy | Health::Degraded)
    }

    /// It ended by itself, with success, and is not started again: a migration that is through.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Exited
            && self.retry_at.is_none()
            && self.last_exit.is_some_and(|exit| exit.code == Some(0))
    }

    /// It is to be healthy when the whole project runs.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        let is_asked_for = !self.optional || self.wanted == Wanted::Running;
        self.kind != NodeKind::Task && is_asked_for && !self.is_done() && !self.is_paused_here()
    }

    /// It is paused because somebody here wanted that.
    #[must_use]
    pub fn is_paused_here(&self) -> bool {
        self.paused().is_some_and(|problem| problem.code == ErrorCode::ResourcePaused)
    }

    /// It was paused, and is on its way back.
    #[must_use]
    pub fn is_resuming(&self) -> bool {
        let code = self.problem.as_ref().map(|problem| problem.code);
        self.phase == Phase::Running && code == Some(ErrorCode::ResourceResuming)
    }

    /// It does not run, and nothing but a person will change that.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        match self.phase {
            Phase::Failed | Phase::CrashLooping => true,
            Phase::Exited => self.retry_at.is_none() && !self.is_done(),
            _ => false,
        }
    }
}

impl ProjectState {
    /// The host name of the project itself: `shop.localhost`.
    #[must_use]
    pub fn host(&self) -> String {
        project_host(&self.slug)
    }

    /// The service that answers at the project's own host, and by which route; none without a main service.
    #[must_use]
    pub fn main_route(&self) -> Option<(&NodeState, &RouteState)> {
        let host = self.host();
        let is_main = |route: &&RouteState| route.path == "/" && route.host == host;
        self.nodes.iter().find_map(|node| Some((node, node.routes.iter().find(is_main)?)))
    }

    /// The project's own URL through a proxy on this port: `http://shop.localhost:7080`; none without a main service.
    #[must_use]
    pub fn url(&self, proxy_port: u16) -> Option<String> {
        self.main_route().map(|(_, route)| route.url(proxy_port))
    }

    /// How many nodes are healthy.
    #[must_use]
    pub fn healthy(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_healthy()).count()
    }

    /// How many could be healthy: all but tasks, those that are done, and those that nobody asked for.
    #[must_use]
    pub fn expected(&self) -> usize {
        self.nodes.iter().filter(|node| node.is_expected()).count()
    }

    /// The stack as one word.
    #[must_use]
    pub fn status(&self) -> StackStatus {
        let any = |test: fn(&NodeState) -> bool| self.nodes.iter().any(test);
        if any(NodeState::has_failed) {
            StackStatus::Failed
        } else if any(|node| node.phase == Phase::Stopping && node.wanted == Wanted::Stopped) {
            StackStatus::Stopping
        } else if any(|node| {
            let is_poor = matches!(node.health, Health::Unhealthy | Health::Degraded);
            node.phase == Phase::Running && (is_poor || (node.paused().is_some() && !node.is_paused_here()))
        }) {
            StackStatus::Degraded
        } else if any(|node| {
            let is_well = node.is_healthy() || node.is_done() || node.is_paused_here();
            node.wanted == Wanted::Running && !is_well
        }) {
            StackStatus::Starting
        } else if any(|node| node.phase == Phase::Running) {
            StackStatus::Running
        } else {
            StackStatus::Stopped
        }
    }
}
