//! The configuration file, declared once: these lists of keys decode it, describe it as JSON Schema, and are what
//! error messages name.

mod cloudflare;
mod health;
mod logs;
mod mcp;
mod resource;
mod restart;
mod routing;
mod watch;

use std::num::NonZeroU32;

use kinfra_rpc::PortRange;

use super::settings::{
    Dependencies, Domain, Mcp, NamedPorts, OnChangeSetting, Public, Replicas, Restart, Route, Source, Watch,
};
use super::spec::ServiceType;
use crate::schema::{Entries, Fields, OneOrMany, OnlyPort, Placed, PortSetting, Record, Run, Scalar, Words};

pub use cloudflare::{CloudflareSettings, EdgeProtocol};
pub(super) use health::{HealthFile, HttpFile, ProbeFile};
pub(super) use logs::LogsFile;
pub(super) use mcp::{McpDetectionFile, McpFile};
pub(super) use resource::{ResourceEntry, ResourceFile};
pub(super) use restart::{RestartFile, StopFile};
pub(super) use routing::{ProxyFile, PublicFile, RouteFile};
pub(super) use watch::{OnChangeFile, WatchFile};

#[derive(Debug)]
pub(super) struct ProjectFile {
    pub project: Option<Placed<String>>,
    pub ports: ProjectPortsFile,
    pub env: Entries<Placed<Scalar>>,
    pub env_files: Vec<Placed<String>>,
    pub secrets: Entries<Source>,
    pub profiles: Vec<Placed<String>>,
    pub groups: Entries<OneOrMany<Placed<String>>>,
    pub parallel: Option<NonZeroU32>,
    /// In the order of the file, resources after all services.
    pub services: Entries<ServiceFile>,
}

impl Record for ProjectFile {
    const MEANING: &'static str = "A project: the services that KInfra runs together.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("name", "project"),
        ("processes", "services"),
        ("databases", "resources"),
        ("containers", "resources"),
        ("port_range", "ports"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        fields.optional::<String>("$schema", "Where an editor finds this schema; KInfra doesn't read it.");
        let file = Self {
            project: fields.optional(
                "project",
                "The project's name, which its host names end in. Default: the folder's name.",
            ),
            ports: fields
                .optional("ports", "Where ports are chosen, and where they are written down.")
                .unwrap_or_else(Fields::defaults),
            env: fields
                .optional("env", "Environment variables of all services; values may hold references.")
                .unwrap_or_default(),
            env_files: fields
                .optional("env_file", "Files with `KEY=VALUE` lines, for all services; later ones win.")
                .map_or_else(Vec::new, |OneOrMany(files)| files),
            secrets: fields
                .optional(
                    "secrets",
                    "Where secrets come from that are not in the keyring, by the name that `${secret:NAME}` says: `op://vault/item/field`, `cmd:COMMAND` or `env:VARIABLE`. Never a value.",
                )
                .unwrap_or_default(),
            profiles: fields
                .optional(
                    "profiles",
                    "The profiles whose services are started with the project when nobody names others.",
                )
                .map_or_else(Vec::new, |OneOrMany(profiles)| profiles),
            groups: fields
                .optional("groups", "Services under one name, for commands that take names of services.")
                .unwrap_or_default(),
            parallel: fields.optional(
                "parallel",
                "At most so many services are on their way up at a time. Default: as many as the dependencies allow.",
            ),
            services: fields
                .required_unless(
                    "resources",
                    "services",
                    "The project's processes, by name.",
                    "{web: {run: npm run dev}}",
                )
                .unwrap_or_default(),
        };
        let resources: Entries<ResourceEntry> = fields
            .optional(
                "resources",
                "What the services need beside each other, by name: databases and the like.",
            )
            .unwrap_or_default();
        let resources =
            resources.0.into_iter().map(|(key, resource)| (key, resource.map(|ResourceEntry(file)| file)));
        Self { services: Entries(file.services.0.into_iter().chain(resources).collect()), ..file }
    }
}

#[derive(Debug)]
pub(super) struct ProjectPortsFile {
    pub range: Option<PortRange>,
    pub env_files: Vec<Placed<String>>,
}

impl Record for ProjectPortsFile {
    const MEANING: &'static str = "The ports of the project as a whole.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("port_range", "range"), ("dotenv", "env_files")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            range: fields.optional(
                "range",
                "Ports are chosen from this range, both ends included. Default: that of the user's settings.",
            ),
            env_files: fields
                .optional(
                    "env_files",
                    "Files, relative to this one, in which KInfra keeps a block with all ports and URLs.",
                )
                .map_or_else(Vec::new, |OneOrMany(files)| files),
        }
    }
}

#[derive(Debug)]
pub(super) struct ServiceFile {
    pub kind: Words<ServiceType>,
    pub replicas: Option<Placed<Replicas>>,
    pub run: Option<Placed<Run>>,
    pub dir: Option<Placed<String>>,
    pub env: Entries<Placed<Scalar>>,
    pub env_files: Vec<Placed<String>>,
    pub secret_files: Entries<Placed<String>>,
    pub port: Option<Placed<OnlyPort>>,
    pub ports: Option<Placed<NamedPorts>>,
    pub route: Option<Placed<Route>>,
    pub domains: Vec<Placed<Domain>>,
    pub public: Vec<Placed<Public>>,
    pub proxy: Option<Placed<ProxyFile>>,
    pub depends_on: Dependencies,
    pub profiles: Vec<Placed<String>>,
    pub manual: bool,
    pub health: Option<Placed<HealthFile>>,
    pub restart: Option<Placed<Restart>>,
    pub stop: StopFile,
    pub watch: Option<Placed<Watch>>,
    pub on_change: Option<Placed<OnChangeSetting>>,
    pub logs: LogsFile,
    pub mcp: Option<Placed<Mcp>>,
    /// It is none of the project's own processes.
    pub resource: Option<ResourceFile>,
}

impl ServiceFile {
    /// How many processes it is to have.
    pub fn count(&self) -> u32 {
        self.replicas.as_ref().map_or(1, |replicas| replicas.value.0)
    }

    pub fn is_task(&self) -> bool {
        self.kind.0 == ServiceType::Task
    }
}

impl Record for ServiceFile {
    const MEANING: &'static str = "A process of the project's own.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("scale", "replicas"),
        ("instances", "replicas"),
        ("numprocs", "replicas"),
        ("command", "run"),
        ("cmd", "run"),
        ("exec", "run"),
        ("cwd", "dir"),
        ("working_dir", "dir"),
        ("environment", "env"),
        ("secrets", "secret_files"),
        ("expose", "ports"),
        ("routes", "route"),
        ("path", "route"),
        ("prefix", "route"),
        ("path_prefix", "route"),
        ("strip", "route"),
        ("strip_prefix", "route"),
        ("ingress", "route"),
        ("host", "domains"),
        ("hosts", "domains"),
        ("hostname", "domains"),
        ("hostnames", "domains"),
        ("domain", "domains"),
        ("publish", "public"),
        ("public_url", "public"),
        ("tunnel", "public"),
        ("protocol", "proxy"),
        ("hold", "proxy"),
        ("healthcheck", "health"),
        ("readiness_probe", "health"),
        ("stop_grace_period", "stop"),
        ("stop_signal", "stop"),
        ("profile", "profiles"),
        ("disabled", "manual"),
        ("logging", "logs"),
        ("liveness_probe", "health"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            kind: fields.or(
                "type",
                "`service`: it is to stay. `task`: it is done when it ends with exit code 0, such as a migration. `mcp`: a server of the Model Context Protocol.",
                Words(ServiceType::Service),
            ),
            replicas: fields.unless_default(
                "replicas",
                "How many processes of it run side by side, from 1 to 16: `web`, `web.2`, `web.3`, each with ports of its own. The proxy hands requests to those that are ready, in turn.",
                &Replicas::ONE,
            ),
            run: fields.required(
                "run",
                "What to run: a list is executed as it is, a text goes to `/bin/sh -c`. May refer to `${services.NAME.port}` and the like; `$$` is a dollar sign.",
                "npm run dev",
            ),
            dir: fields.optional(
                "dir",
                "The folder to run in, relative to the file's. Default: the file's folder.",
            ),
            env: fields
                .optional("env", "Variables for the process; values may hold `${…}`.")
                .unwrap_or_default(),
            env_files: fields
                .optional("env_file", "Files of `KEY=VALUE` lines, relative to the file; `env` wins over them.")
                .map_or_else(Vec::new, |OneOrMany(files)| files),
            secret_files: fields
                .optional(
                    "secret_files",
                    "Secrets that the process reads from files: the variable that says where the file is, and the secret's name.",
                )
                .unwrap_or_default(),
            port: fields.unless_default(
                "port",
                "The port that the process finds in `PORT`: chosen once and then kept, a number, the first free one of a list, or none. UDP is written `53/udp`.",
                &PortSetting::AUTO,
            ),
            ports: fields.optional(
                "ports",
                "Several ports by name, in the place of `port`. `PORT` is the one named `http`, else the first TCP one; the others are `PORT_NAME`.",
            ),
            route: fields.optional(
                "route",
                "A path of the project's own URL that leads here: `/api`, or a map. `/` makes it the main service. Default of that: the only service with a TCP port, else the one named `web`.",
            ),
            domains: fields
                .optional("domains", "Local host names of the service: one or a list, such as `shop.test`.")
                .map_or_else(Vec::new, |OneOrMany(domains)| domains),
            public: fields
                .optional(
                    "public",
                    "Where visitors from outside find the service, through a Cloudflare tunnel: `quick` for a name of Cloudflare's own, without an account; a host name such as `shop.example.com` or `shop.example.com/api`; a list, or a map.",
                )
                .map_or_else(Vec::new, |OneOrMany(places)| places),
            proxy: fields.optional("proxy", "How the proxy hands the service's requests on."),
            depends_on: fields
                .optional(
                    "depends_on",
                    "What must be up before this starts: a list (healthy), or a map from names to conditions.",
                )
                .unwrap_or_default(),
            profiles: fields
                .optional(
                    "profiles",
                    "It is started with the project only when one of these profiles is asked for.",
                )
                .map_or_else(Vec::new, |OneOrMany(profiles)| profiles),
            manual: fields.or(
                "manual",
                "It is started only when it is named, or when something needs it that is started.",
                false,
            ),
            health: fields.optional(
                "health",
                "How to see that it is ready. Default: that it listens on its port, or lives for 1 s without one.",
            ),
            restart: fields.optional(
                "restart",
                "When to start it again after it ended: a policy, or a map. Default: `on-failure`; for a task `never`.",
            ),
            stop: fields.optional("stop", "How to end it.").unwrap_or_else(Fields::defaults),
            watch: fields.optional(
                "watch",
                "Files and folders whose change concerns it: a path, a list, or a map. What Git ignores is left out.",
            ),
            on_change: fields.optional(
                "on_change",
                "What to do when a watched file has changed: `restart`, or a map with a signal. Default: `restart`.",
            ),
            logs: fields
                .optional("logs", "How much is kept of what it prints. Default: as the user's settings say.")
                .unwrap_or_else(Fields::defaults),
            mcp: fields.optional(
                "mcp",
                "Of a service of the type `mcp`: its transport, or a map. Default: streamable HTTP at `/mcp`.",
            ),
            resource: None,
        }
    }
}
