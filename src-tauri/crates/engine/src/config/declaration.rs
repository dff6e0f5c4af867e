//! The configuration file, declared once: these lists of keys decode it, describe it as JSON Schema, and are what
//! error messages name.

use std::num::NonZeroU32;
use std::time::Duration;

use kinfra_rpc::PortRange;

use super::schema::{Entries, Fields, Placed, Record, Scalar, Words};
use super::settings::{Dependencies, NamedPorts, OneOrMany, OnlyPort, Period, PortSetting, Restart, Signal};
use super::spec::{RestartPolicy, Run};

#[derive(Debug)]
pub(super) struct ProjectFile {
    pub project: Option<Placed<String>>,
    pub ports: ProjectPortsFile,
    pub services: Entries<ServiceFile>,
}

impl Record for ProjectFile {
    const MEANING: &'static str = "A project: the services that KInfra runs together.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("name", "project"), ("processes", "services"), ("port_range", "ports")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        fields.optional::<String>("$schema", "Where an editor finds this schema; KInfra doesn't read it.");
        Self {
            project: fields.optional(
                "project",
                "The project's name, which its host names end in. Default: the folder's name.",
            ),
            ports: fields
                .optional("ports", "Where ports are chosen, and where they are written down.")
                .unwrap_or_else(Fields::defaults),
            services: fields
                .required("services", "The project's processes, by name.", "{web: {run: npm run dev}}")
                .unwrap_or_default(),
        }
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
    pub run: Option<Placed<Run>>,
    pub dir: Option<Placed<String>>,
    pub env: Entries<Placed<Scalar>>,
    pub env_files: Vec<Placed<String>>,
    pub port: Option<Placed<OnlyPort>>,
    pub ports: Option<Placed<NamedPorts>>,
    pub depends_on: Dependencies,
    pub health: Option<Placed<HealthFile>>,
    pub restart: Restart,
    pub stop: StopFile,
}

impl Record for ServiceFile {
    const MEANING: &'static str = "A process of the project's own.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("command", "run"),
        ("cmd", "run"),
        ("exec", "run"),
        ("cwd", "dir"),
        ("working_dir", "dir"),
        ("environment", "env"),
        ("expose", "ports"),
        ("healthcheck", "health"),
        ("readiness_probe", "health"),
        ("stop_grace_period", "stop"),
        ("stop_signal", "stop"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
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
            port: fields.unless_default(
                "port",
                "The port that the process finds in `PORT`: chosen once and then kept, a number, the first free one of a list, or none. UDP is written `53/udp`.",
                &PortSetting::AUTO,
            ),
            ports: fields.optional(
                "ports",
                "Several ports by name, in the place of `port`. `PORT` is the one named `http`, else the first TCP one; the others are `PORT_NAME`.",
            ),
            depends_on: fields
                .optional(
                    "depends_on",
                    "What must be up before this starts: a list (healthy), or a map from names to conditions.",
                )
                .unwrap_or_default(),
            health: fields.optional(
                "health",
                "How to see that it works. Default: that it listens on its port, or lives for 1 s without one.",
            ),
            restart: fields
                .optional("restart", "When to start it again after it ended: a policy, or a map.")
                .unwrap_or_default(),
            stop: fields.optional("stop", "How to end it.").unwrap_or_else(Fields::defaults),
        }
    }
}

#[derive(Debug)]
pub(super) struct HealthFile {
    pub http: Option<Placed<String>>,
    pub tcp: bool,
    pub command: Option<Placed<Run>>,
    pub interval: Period,
    pub timeout: Period,
    pub success_threshold: NonZeroU32,
    pub failure_threshold: NonZeroU32,
    pub start_period: Duration,
}

impl Record for HealthFile {
    const MEANING: &'static str = "One probe: `http`, `tcp` (the default) or `command`.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("http_get", "http"),
        ("test", "command"),
        ("exec", "command"),
        ("retries", "failure_threshold"),
        ("period", "interval"),
        ("initial_delay", "start_period"),
    ];

    /// Defaults as Kubernetes has them, but for the interval: a developer waits in front of it.
    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            http: fields
                .optional("http", "A path on the service's port; an answer of 200 to 399 is healthy."),
            tcp: fields.or(
                "tcp",
                "Healthy when the service's port takes a connection; so it is without `http` and `command`.",
                false,
            ),
            command: fields.optional("command", "Healthy when this ends with exit code 0."),
            interval: fields.or(
                "interval",
                "The time between two probes once healthy.",
                Period(Duration::from_secs(5)),
            ),
            timeout: fields.or("timeout", "How long one probe may take.", Period(Duration::from_secs(1))),
            success_threshold: fields.or(
                "success_threshold",
                "This many successes in a row mean healthy.",
                NonZeroU32::MIN,
            ),
            failure_threshold: fields.or(
                "failure_threshold",
                "This many failures in a row mean unhealthy.",
                NonZeroU32::MIN.saturating_add(2),
            ),
            start_period: fields.or(
                "start_period",
                "Failures in this time after the start don't count.",
                Duration::from_secs(30),
            ),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct RestartFile {
    pub policy: Words<RestartPolicy>,
    pub max: u32,
    pub backoff: BackoffFile,
}

impl Record for RestartFile {
    const MEANING: &'static str = "When and how often to start it again.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("max_attempts", "max"), ("max_restarts", "max"), ("condition", "policy"), ("delay", "backoff")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            policy: fields.or(
                "policy",
                "`on-failure`: after an exit code other than 0, or a signal.",
                Words(RestartPolicy::OnFailure),
            ),
            max: fields.or("max", "This many restarts in a row; after them it counts as a crash loop.", 5),
            backoff: fields
                .optional("backoff", "How long to wait before a restart.")
                .unwrap_or_else(Fields::defaults),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct BackoffFile {
    pub initial: Duration,
    pub longest: Duration,
}

impl Record for BackoffFile {
    const MEANING: &'static str = "The wait before a restart; it doubles each time.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[("max", "longest"), ("min", "initial")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            initial: fields.or(
                "initial",
                "Before the first restart; after 0 the next ones wait 1s, 2s, 4s…",
                Duration::ZERO,
            ),
            longest: fields.or("longest", "It never grows beyond this.", Duration::from_secs(30)),
        }
    }
}

#[derive(Debug)]
pub(super) struct StopFile {
    pub signal: Signal,
    pub grace: Duration,
}

impl Record for StopFile {
    const MEANING: &'static str = "How to end it: a signal, then after a while a kill.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("timeout", "grace"), ("grace_period", "grace")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            signal: fields.or("signal", "The signal that asks it to end.", Signal::TERM),
            grace: fields.or("grace", "How long it may take before it is killed.", Duration::from_secs(10)),
        }
    }
}
