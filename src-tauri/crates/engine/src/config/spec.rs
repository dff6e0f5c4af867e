//! What a valid configuration says, with every default filled in.

use std::path::PathBuf;
use std::time::Duration;

/// One project, checked as a whole: names are unique after slugging, dependencies exist and have no cycle, and
/// every reference names something that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSpec {
    pub name: String,
    pub slug: String,
    /// The folder that holds the configuration.
    pub folder: PathBuf,
    pub file: PathBuf,
    /// In the order of the file.
    pub services: Vec<ServiceSpec>,
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
    pub port: PortSpec,
    pub depends_on: Vec<Dependency>,
    /// None: readiness is that it listens on its port, or 1 s of life without a port.
    pub health: Option<ProbeSpec>,
    pub restart: RestartSpec,
    pub stop: StopSpec,
}

/// What is executed. The texts may hold `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Run {
    /// Executed as it is.
    Program(Vec<String>),
    /// For `/bin/sh -c`.
    Shell(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortSpec {
    /// Chosen once, then kept.
    Auto,
    Fixed(u16),
    /// The service serves nothing.
    None,
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
