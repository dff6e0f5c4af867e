//! What can be typed. Each command's doc comment is its help.

mod add;
mod mcp;
mod migrate;
mod one_of;
mod resource;
mod sharing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kinfra_rpc::PortRange;

use crate::example::Role;
use crate::moment;

pub use add::Add;
pub use mcp::{Client as McpClient, Environment as McpEnvironment, Mcp, Place, Serve as McpServe};
pub use migrate::Migrate;
pub use one_of::OneOf;
pub use resource::{Pause, Resource};
pub use sharing::{Accounts, Share, Tunnels, Unshare};

const EXIT_CODES: &str = "\
Exit codes:
    0  done; everything asked for is healthy
    1  failed, or something is not healthy
    2  wrong usage, or no such project or service
    3  the configuration has a problem
    4  no engine is running
  129  ended by SIGHUP, 130 by SIGINT (Ctrl-C), 143 by SIGTERM";

/// Runs a project's services: in order, on ports that stay, behind one local proxy.
#[derive(Debug, Parser)]
#[command(name = "kinfra", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,

    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub struct Common {
    /// Keep everything in this folder instead of the user's own (also: KINFRA_HOME)
    #[arg(long, global = true, value_name = "FOLDER")]
    pub home: Option<PathBuf>,

    /// Print JSON, failures included
    #[arg(long, global = true)]
    pub json: bool,

    /// Mean this project, whatever the present folder is
    #[arg(long, global = true, value_name = "NAME")]
    pub project: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the project and wait until it is healthy
    Up(Up),
    /// Stop the project; a headless engine with nothing left to run ends
    Down(Services),
    /// Restart services, or the whole project in order, and wait until they are healthy
    Restart(Restart),
    /// Show what the configuration says that is not in effect
    Diff,
    /// Put a changed configuration into effect: just what changed, and back if that doesn't come up
    Apply,
    /// Show the project's services
    Status,
    /// Show what the services printed
    Logs(Logs),
    /// Show what a service finds in its environment, and where each value comes from
    Env(Env),
    /// Show what happened to the services, and why
    Events(Events),
    /// Show what the services use: CPU, memory, descriptors
    Stats(Stats),
    /// Show the requests that the proxy answered last
    Requests(Requests),
    /// Show what went through the proxy to each service: requests, errors, latency, bytes
    Traffic(Services),
    /// Show a page instead of services, for as long as they are worked on
    Maintenance {
        #[command(subcommand)]
        command: Option<Maintenance>,
    },
    /// Open services to everybody who knows their link, and print it
    Share(Share),
    /// End that: services are not public any more
    Unshare(Unshare),
    /// Show what is public, and how the tunnels fare
    Tunnels {
        #[command(subcommand)]
        command: Option<Tunnels>,
    },
    /// Show the Cloudflare accounts for names of your own, or make one known
    Accounts {
        #[command(subcommand)]
        command: Option<Accounts>,
    },
    /// Show what a resource is at its vendor, or do something with it there: `kinfra resource db create-branch preview`
    Resource(Resource),
    /// Pause resources: they cost nothing, and go on where they were
    Pause(Pause),
    /// Have paused resources go on
    Resume {
        #[arg(required = true)]
        resources: Vec<String>,
    },
    /// Show what depends on what, in the order of a start
    Graph(Graph),
    /// Print a service's URL
    Url(Url),
    /// Show the project's MCP servers, and what clients have to be told of them
    Mcp {
        #[command(subcommand)]
        command: Option<Mcp>,
    },
    /// List the processes of all projects
    Ps,
    /// List the known projects
    Projects,
    /// Make a folder's project known without starting it, or add a resource to it: `kinfra add postgres`
    Add(Add),
    /// Show the templates of resources that `add` knows, or one of them with its parameters
    Templates { name: Option<String> },
    /// Stop a project and forget it, its ports and its logs; the folder is left alone
    Remove {
        /// [default: the project of the present folder]
        name: Option<String>,
    },
    /// Move over from KInfra 1.0, the Python library: show what would be done, and do it after a question
    Migrate(Migrate),
    /// End the engine, and with it all services
    Quit {
        /// Let the services run on; the next engine takes them over
        #[arg(long)]
        leave_running: bool,
    },
    /// Print the JSON Schema of kinfra.yaml
    Schema,
    /// Show whose each port is and what is on it; move, reserve, free or adopt one
    Ports {
        #[command(subcommand)]
        command: Option<Ports>,
    },
    /// Show, set or delete secrets in the system's keyring
    Secret {
        #[command(subcommand)]
        command: Secret,
    },
    /// Look for what is wrong with this machine, and say what to do
    Doctor,
    /// Show your own settings, which hold for all projects, or change one
    Settings {
        #[command(subcommand)]
        command: Option<Settings>,
    },
    /// Print a service's port
    Port {
        service: String,

        /// Another one of its ports than the one in PORT
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Move the local proxy to another port, and keep that one
    ProxyPort { port: u16 },
    /// Write a small example project to try things with
    Example {
        #[arg(default_value = "shop")]
        folder: PathBuf,
    },
    /// Be one service of the example project; reads PORT and HOST
    ServeExample(ServeExample),
    /// Be the engine, without a project
    #[command(hide = true)]
    Host(Host),
}

#[derive(Debug, Args)]
pub struct Up {
    /// Only these services and groups, and what they depend on
    pub services: Vec<String>,

    /// The same, as a list: --only api,web
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,

    /// With the services of these profiles, instead of those that the configuration names
    #[arg(long = "profile", value_name = "NAMES", value_delimiter = ',', conflicts_with_all = ["services", "only"])]
    pub profiles: Vec<String>,

    /// Where no engine runs: start one in the background instead of staying here
    #[arg(short, long)]
    pub detach: bool,

    /// Give up waiting after this many seconds; what was started goes on
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}

impl Up {
    /// The names of services and groups, whichever way they were given; none: the whole project.
    pub fn names(&self) -> Vec<String> {
        self.services.iter().chain(&self.only).cloned().collect()
    }
}

#[derive(Debug, Args)]
pub struct Restart {
    /// Only these services and groups
    pub services: Vec<String>,

    /// Also what depends on them and runs
    #[arg(long, requires = "services")]
    pub with_dependants: bool,

    /// Give up waiting after this many seconds; what was started goes on
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Services {
    /// Only these services and groups, and what depends on them
    pub services: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// Only these services and groups
    pub services: Vec<String>,

    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,

    /// Only so many of the newest lines, counted after everything else [default: 200; all with --since or --run]
    #[arg(short = 'n', long, visible_alias = "tail", value_parser = clap::value_parser!(u32).range(0..=5000))]
    pub lines: Option<u32>,

    /// Only lines from then on: 10m, 2h, 1d, 14:02 or 2026-11-23T14:02:00Z
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    pub since: Option<u64>,

    /// Only lines up to then
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    pub until: Option<u64>,

    /// Only lines that match this regular expression; without a capital letter it ignores case
    #[arg(long, value_name = "PATTERN")]
    pub grep: Option<String>,

    /// Only lines that don't match
    #[arg(long, requires = "grep")]
    pub invert: bool,

    /// Only this run of each service: 0 is the newest, -1 the one before, 3 the run of that number, or all
    #[arg(long, value_name = "RUN", allow_negative_numbers = true, value_parser = run)]
    pub run: Option<Run>,

    /// KInfra's own log instead
    #[arg(long, conflicts_with_all = ["services", "run"])]
    pub engine: bool,
}

/// Which run's lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    All,
    /// As [`kinfra_rpc::LogFilter::run`] has it.
    Number(i64),
}

fn run(text: &str) -> Result<Run, String> {
    if text == "all" {
        return Ok(Run::All);
    }
    text.parse().map(Run::Number).map_err(|_| "it must be a number or all".to_owned())
}

#[derive(Debug, Args)]
pub struct Env {
    pub service: String,

    /// Also what KInfra itself was started with
    #[arg(long)]
    pub all: bool,

    /// Lines for a shell to evaluate, with the real values
    #[arg(long)]
    pub export: bool,

    /// Show values that look secret as well
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Debug, Args)]
pub struct Events {
    /// Only these services and groups
    pub services: Vec<String>,

    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,

    /// Only so many of the newest events [default: 50; all with --since]
    #[arg(short = 'n', long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub lines: Option<u32>,

    /// Only events from then on: 10m, 2h, 1d, 14:02 or 2026-11-23T14:02:00Z
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    pub since: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Stats {
    /// Only these services and groups
    pub services: Vec<String>,

    /// Go on, every 2 seconds
    #[arg(short, long)]
    pub follow: bool,
}

#[derive(Debug, Args)]
pub struct Requests {
    /// Only those to these services and groups
    pub services: Vec<String>,

    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,

    /// How many of the newest ones
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub lines: u32,

    /// Only those with a status of 400 and above, or whose answer broke off
    #[arg(long)]
    pub failed: bool,

    /// Of all projects, and also those to hosts that lead nowhere
    #[arg(long, conflicts_with = "services")]
    pub all: bool,
}

#[derive(Debug, Subcommand)]
pub enum Maintenance {
    /// Begin it
    On {
        /// A service or group [default: all services with visitors]
        service: Option<String>,

        /// What visitors are told: "back at 15:00"
        note: Option<String>,

        /// How long it is likely to take, such as 30m: programs are told to ask again then; it doesn't end by itself
        #[arg(long = "for", value_name = "DURATION", value_parser = moment::length)]
        lasting: Option<u64>,
    },
    /// End it
    Off {
        /// A service or group [default: all services with visitors]
        service: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Graph {
    /// Only these services and groups, and what they depend on
    pub services: Vec<String>,

    /// For Graphviz: kinfra graph --dot | dot -Tsvg
    #[arg(long, conflicts_with = "json")]
    pub dot: bool,
}

#[derive(Debug, Args)]
pub struct Url {
    pub service: String,

    /// Straight to the process instead of through the proxy
    #[arg(long, conflicts_with = "public")]
    pub direct: bool,

    /// The public one
    #[arg(long)]
    pub public: bool,
}

#[derive(Debug, Subcommand)]
pub enum Ports {
    /// Show everything about one port
    Who { port: u16 },
    /// Give a service another port, and keep that one
    Move {
        service: String,

        /// Another one of its ports than the one in PORT
        #[arg(long, value_name = "NAME")]
        name: Option<String>,

        /// This port, instead of one that is chosen
        #[arg(long, value_name = "PORT", conflicts_with = "once")]
        to: Option<u16>,

        /// Only until the service is stopped
        #[arg(long)]
        once: bool,
    },
    /// Leave a service's port to a server that runs there already, and route to it
    Adopt {
        service: String,

        /// Another one of its ports than the one in PORT
        #[arg(long, value_name = "NAME")]
        name: Option<String>,

        /// Where the server runs [default: the service's own port]
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
    },
    /// End the program that holds a port
    Free {
        port: u16,

        /// The UDP port of this number
        #[arg(long)]
        udp: bool,

        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Never choose these ports: one, or a range such as 6000-6100
    Reserve {
        ports: PortRange,

        /// What for
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// End a reservation
    Release { ports: PortRange },
}

#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Put a secret into the keyring: asked for on a terminal, else read from stdin
    Set {
        /// As in ${secret:NAME}
        name: String,
    },
    /// Show which secrets there are, where they come from and who uses them; never a value
    List,
    /// Take a secret out of the keyring
    Delete { name: String },
}

#[derive(Debug, Subcommand)]
pub enum Settings {
    /// Whether KInfra starts again what ran, and the desktop app starts at login
    Restore { switch: Switch },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Debug, Args)]
pub struct Host {
    /// Leave the terminal's session
    #[arg(long)]
    pub detached: bool,
}

#[derive(Debug, Args)]
pub struct ServeExample {
    pub role: Role,

    /// Wait this long before listening, to watch how a slow start looks
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub delay_ms: u64,
}
