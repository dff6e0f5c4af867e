//! What a valid configuration says, with every default filled in.

use std::path::PathBuf;
use std::time::Duration;

use kinfra_rpc::{PortRange, Protocol};

/// One project, checked as a whole: names are unique after slugging, dependencies exist and have no cycle, and
/// every reference names something that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSpec {
    pub name: String,
    pub slug: String,
    /// The folder that holds the configuration.
    pub folder: PathBuf,
    pub file: PathBuf,
    pub ports: ProjectPorts,
    /// In the order of the file.
    pub services: Vec<ServiceSpec>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectPorts {
    /// Where ports of this project are chosen; none: the user's default.
    pub range: Option<PortRange>,
    /// Files in which a block with all ports and URLs is kept; absolute.
    pub env_files: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceSpec {
    pub name: String,
    pub slug: String,
    pub run: Run,
    /// Absolute.
    pub dir: PathBuf,
    /// Values may hold `${…}`; in the order of the file.
    pub env: Vec<(String, String)>,
    /// Absolute; in the order of the file, later ones win.
    pub env_files: Vec<PathBuf>,
    /// The main port first; empty when it serves nothing.
    pub ports: Vec<PortSpec>,
    pub depends_on: Vec<Dependency>,
    /// None: readiness is that it listens on its main port, or 1 s of life without one that takes connections.
    pub health: Option<ProbeSpec>,
    pub restart: RestartSpec,
    pub stop: StopSpec,
}

impl ServiceSpec {
    /// What the process finds in `PORT`.
    #[must_use]
    pub fn main_port(&self) -> Option<&PortSpec> {
        self.ports.first()
    }
}

/// What is executed. The texts may hold `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Run {
    /// Executed as it is.
    Program(Vec<String>),
    /// For `/bin/sh -c`.
    Shell(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PortSpec {
    /// `http` for a port without a name.
    pub name: String,
    pub protocol: Protocol,
    pub choice: PortChoice,
}

/// The variable in which a service finds the port of this name, unless that is its main one.
#[must_use]
pub fn port_variable(name: &str) -> String {
    format!("PORT_{}", variable(name))
}

/// A name as a part of a variable's name: `my-api` → `MY_API`.
#[must_use]
pub fn variable(name: &str) -> String {
    name.to_ascii_uppercase().replace(|character: char| !character.is_ascii_alphanumeric(), "_")
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortChoice {
    /// Chosen once, then kept.
    Auto,
    Fixed(u16),
    /// The first of these that can be had, else as `Auto`.
    Preferred(Vec<u16>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    pub service: String,
    pub condition: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    Started,
    Healthy,
    Completed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeSpec {
    pub kind: ProbeKind,
    /// Between two probes once healthy.
    pub interval: Duration,
    pub timeout: Duration,
    pub success_threshold: u32,
    pub failure_threshold: u32,
    /// Failures in this time after the start don't count.
    pub start_period: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProbeKind {
    /// GET of this path on the service's own port; 200–399 is healthy.
    Http { path: String },
    /// A connection to the service's own port.
    Tcp,
    /// Exit code 0 is healthy; runs in the service's folder with its environment.
    Command(Run),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RestartSpec {
    pub policy: RestartPolicy,
    /// Restarts in a row without a stable time between, before it counts as a crash loop.
    pub max: u32,
    pub backoff: Backoff,
}

/// The delay doubles from `initial` to `longest`; the first restart comes at once when `initial` is zero,
/// the next ones then after 1 s, 2 s, 4 s…
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Backoff {
    pub initial: Duration,
    pub longest: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StopSpec {
    /// The number of the signal.
    pub signal: i32,
    pub grace: Duration,
}
