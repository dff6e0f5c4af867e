//! What a valid configuration says, with every default filled in.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{Forwarding, McpServer, McpTransport, PortRange, Protocol};
use regex::Regex;

use super::contents::Contents;
use super::resource_spec::ResourceSpec;
use super::secrets::SecretSource;
use crate::schema::{PortChoice, Run};

/// One project, checked as a whole: names are unique after slugging, dependencies exist and have no cycle, and
/// every reference names something that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSpec {
    pub name: String,
    pub slug: String,
    /// The folder that holds the configuration.
    pub folder: PathBuf,
    pub file: PathBuf,
    /// What the file said. Empty where something else than just that came of it.
    pub text: Arc<str>,
    pub ports: ProjectPorts,
    /// Those whose services are started with the project when nobody names others.
    pub profiles: Vec<String>,
    /// Names for several services at once.
    pub groups: Vec<(String, Vec<String>)>,
    /// At most so many nodes are on their way up at a time; none: as many as the graph allows.
    pub parallel: Option<u32>,
    /// Where secrets come from, by name, of those that say so.
    pub secrets: Vec<(String, SecretSource)>,
    /// In the order of the file.
    pub services: Vec<Arc<ServiceSpec>>,
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
    /// Of the node: `web`, or `web.2` for the second replica.
    pub name: String,
    pub slug: String,
    pub replica: ReplicaSpec,
    pub kind: ServiceType,
    pub run: Run,
    /// Absolute.
    pub dir: PathBuf,
    /// What the project says for all of its services.
    pub project_environment: EnvironmentSpec,
    /// What it says for this one.
    pub environment: EnvironmentSpec,
    /// Variables that say where a file with a secret is, each with the secret's name.
    pub secret_files: Vec<(String, String)>,
    /// The main port first; empty when it serves nothing.
    pub ports: Vec<PortSpec>,
    /// Which path of the project's own URL leads here.
    pub route: Option<RouteSpec>,
    /// Host names of its own; lower-case, each once.
    pub domains: Vec<String>,
    /// Where visitors from outside find it; each place once.
    pub public: Vec<PublicSpec>,
    /// How the proxy hands its requests on.
    pub forwarding: Forwarding,
    pub depends_on: Vec<Dependency>,
    /// Empty: it is part of every start of the whole project.
    pub profiles: Vec<String>,
    /// It is started only by name, or because something needs it.
    pub manual: bool,
    pub health: HealthSpec,
    pub restart: RestartSpec,
    pub stop: StopSpec,
    /// Files whose change concerns it.
    pub watch: Option<WatchSpec>,
    /// How much is kept of what it prints; none: what the user's settings say. Holds from the next start on.
    pub log_bytes: Option<u64>,
    /// It is an MCP server.
    pub mcp: Option<McpServer>,
    /// It is none of the project's own processes.
    pub resource: Option<ResourceSpec>,
    /// Secrets that it is given with what the resources say that it refers to or depends on.
    pub secrets_of_resources: Vec<String>,
}

/// The port of this name answers HTTP.
pub const HTTP: &str = "http";

/// Which one of a service's processes it is. How many there are is not said here: that another one comes is no change
/// of those that are there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplicaSpec {
    /// The service, as the file names it.
    pub of: String,
    /// From 1. What there is of a service once, such as its route, is the first one's to say.
    pub number: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RouteSpec {
    /// Begins with `/`, and ends with one only where it is nothing else.
    pub path: String,
    /// It is taken off before a request is handed on.
    pub strip: bool,
}

/// What a service shares with visitors from outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicSpec {
    /// None: under a name of Cloudflare's own, without an account.
    pub place: Option<PublicPlace>,
    /// It ends by itself so long after the service was started.
    pub lasts: Option<Duration>,
    pub when_stopped: WhenStopped,
}

impl PublicSpec {
    /// `https://shop.example.com/api`, or `quick`
    #[must_use]
    pub fn shown(&self) -> String {
        self.place.as_ref().map_or_else(|| "quick".to_owned(), PublicPlace::url)
    }
}

/// What becomes of a public name whose service its user has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhenStopped {
    /// Its visitors are shown that it doesn't run now.
    Park,
    /// There is no such name then.
    Withdraw,
}

/// A host name in the public DNS, and all paths below one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicPlace {
    /// Lower-case; `*.` at its beginning stands for every name below the rest.
    pub host: String,
    /// As that of a [`RouteSpec`].
    pub path: String,
}

impl PublicPlace {
    /// Whether it stands for many names.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.host.starts_with("*.")
    }

    /// `https://shop.example.com/api`
    #[must_use]
    pub fn url(&self) -> String {
        let path = if self.path == "/" { "" } else { &self.path };
        format!("https://{}{path}", self.host)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WatchSpec {
    /// Files and folders; absolute.
    pub paths: Vec<PathBuf>,
    /// Patterns as in a `.gitignore` in the service's folder.
    pub ignore: Vec<String>,
    pub on_change: OnChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnChange {
    Restart,
    /// To its process group.
    Signal(i32),
}

/// One layer of an environment as a configuration has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EnvironmentSpec {
    /// `.env` in the folder, which may be missing. Absolute. None where another layer has that file.
    pub dotenv: Option<PathBuf>,
    /// Absolute; in the order of the file, later ones win.
    pub files: Vec<PathBuf>,
    /// Values may hold `${…}`; in the order of the file.
    pub variables: Vec<(String, String)>,
    /// What the files said when they were read last; nothing where they never were.
    pub contents: Contents,
}

impl ProjectSpec {
    /// The service that answers at the project's own URL: the one whose route is `/`; without that the only one that
    /// takes connections, else the one named `web`. Never a resource.
    #[must_use]
    pub fn main_service(&self) -> Option<&ServiceSpec> {
        let is_root = |service: &&ServiceSpec| service.route.as_ref().is_some_and(|route| route.path == "/");
        let nodes = || self.services.iter().map(|node| &**node);
        let services = || nodes().filter(|node| node.resource.is_none());
        let mut serving = services().filter(|node| node.is_first() && node.takes_connections());
        let only = || serving.next().filter(|_| serving.next().is_none());
        let named = || services().find(|service| service.name == "web" && service.takes_connections());
        services().find(is_root).or_else(only).or_else(named)
    }
}

impl ServiceSpec {
    /// What the process finds in `PORT`.
    #[must_use]
    pub fn main_port(&self) -> Option<&PortSpec> {
        self.ports.first()
    }

    /// Whether it is what its service has no other of, or the first of several.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.replica.number == 1
    }

    /// Whether it speaks by its standard input and output, so that something has to offer it on its port.
    #[must_use]
    pub fn speaks_stdio(&self) -> bool {
        self.mcp.as_ref().is_some_and(|mcp| mcp.transport == McpTransport::Stdio)
    }

    /// How long it may be unused until it is paused.
    #[must_use]
    pub fn auto_pause(&self) -> Option<Duration> {
        self.resource.as_ref()?.settings.auto_pause()
    }

    /// Whether an adapter starts and stops it, and not the keeper.
    #[must_use]
    pub fn has_adapter(&self) -> bool {
        self.resource.as_ref().is_some_and(|resource| !resource.is_process())
    }

    /// Whether its main port answers HTTP, as far as the configuration says: of a resource only one that is named so.
    #[must_use]
    pub fn speaks_http(&self) -> bool {
        let is_named = || self.main_port().is_some_and(|main| main.name == HTTP);
        self.takes_connections() && (self.resource.is_none() || is_named())
    }

    /// Whether somebody can connect to its main port.
    #[must_use]
    pub fn takes_connections(&self) -> bool {
        self.main_port().is_some_and(|main| main.protocol == Protocol::Tcp)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceType {
    /// It is to stay.
    Service,
    /// It is done when it ends with exit code 0.
    Task,
    /// It is to stay, and speaks the Model Context Protocol.
    Mcp,
    /// It is to stay, and what it is, is said by its type.
    Resource,
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

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HealthSpec {
    /// Before the others; when it fails for too long, the service is started anew.
    pub startup: Option<ProbeSpec>,
    /// None: that it listens on its main port, or 1 s of life without one that takes connections.
    pub readiness: Option<ProbeSpec>,
    /// The service is started anew when it fails.
    pub liveness: Option<ProbeSpec>,
}

impl HealthSpec {
    /// Whether a probe waits for a line of the output.
    #[must_use]
    pub fn reads_log(&self) -> bool {
        let probes = [&self.startup, &self.readiness, &self.liveness];
        probes.into_iter().flatten().any(|probe| matches!(probe.kind, ProbeKind::Log(_)))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeSpec {
    pub kind: ProbeKind,
    /// The name of the port that is asked; none: the main one.
    pub port: Option<String>,
    pub listener: Listener,
    /// Between two probes once it succeeds.
    pub interval: Duration,
    pub timeout: Duration,
    pub success_threshold: u32,
    pub failure_threshold: u32,
    /// Failures in this time after the start don't count, until the first success.
    pub start_period: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProbeKind {
    Http(HttpProbe),
    /// A connection to the port.
    Tcp,
    /// Exit code 0 is a success; runs in the service's folder with its environment.
    Command(Run),
    /// A line of the output matches.
    Log(Pattern),
    /// It answers as an MCP server.
    Mcp,
}

/// A GET request on loopback, and which answers are a success. Path and sent headers may hold `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpProbe {
    pub path: String,
    pub send: Vec<(String, String)>,
    /// Ranges, both ends included.
    pub statuses: Vec<(u16, u16)>,
    /// Each with what its value must match.
    pub headers: Vec<(String, Pattern)>,
    pub body: Option<Pattern>,
    pub tls: bool,
}

/// A regular expression, which is what is written of it.
#[derive(Debug, Clone)]
pub struct Pattern(pub Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.as_str().hash(hasher);
    }
}

/// Whose listener on the port counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listener {
    /// One of the service's own processes.
    Own,
    Any,
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
