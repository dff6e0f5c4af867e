use std::num::NonZeroU32;
use std::time::Duration;

use crate::config::settings::Http;
use crate::config::spec::{Listener, Pattern};
use crate::schema::{Entries, Fields, Period, Placed, Record, Run, Scalar, Statuses, Words};

/// The readiness probe, whose settings stand in `health` itself, and the two beside it.
#[derive(Debug)]
pub(in crate::config) struct HealthFile {
    pub readiness: ProbeFile,
    pub startup: Option<Placed<ProbeFile>>,
    pub liveness: Option<Placed<ProbeFile>>,
}

impl HealthFile {
    /// Each with the key that it stands under; the readiness probe has none of its own.
    pub fn named(&self) -> impl Iterator<Item = (Option<&'static str>, &ProbeFile)> {
        let beside = [("startup", &self.startup), ("liveness", &self.liveness)];
        let beside =
            beside.into_iter().filter_map(|(name, probe)| Some((Some(name), &probe.as_ref()?.value)));
        [(None, &self.readiness)].into_iter().chain(beside)
    }

    pub fn probes(&self) -> impl Iterator<Item = &ProbeFile> {
        self.named().map(|(_, probe)| probe)
    }
}

impl Record for HealthFile {
    const MEANING: &'static str =
        "The readiness probe: it is routed to while this succeeds. Beside it, `startup` and `liveness`.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = ProbeFile::ELSEWHERE;

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            readiness: ProbeFile::declare(fields),
            startup: fields.optional(
                "startup",
                "A probe before the others begin; when it fails for too long, the service is started anew.",
            ),
            liveness: fields.optional(
                "liveness",
                "A probe that starts the service anew when it fails; readiness alone never ends anything.",
            ),
        }
    }
}

#[derive(Debug)]
pub(in crate::config) struct ProbeFile {
    pub http: Option<Placed<Http>>,
    pub tcp: bool,
    pub command: Option<Placed<Run>>,
    pub log: Option<Placed<Pattern>>,
    pub port: Option<Placed<String>>,
    pub listener: Words<Listener>,
    pub interval: Period,
    pub timeout: Option<Period>,
    pub success_threshold: NonZeroU32,
    pub failure_threshold: NonZeroU32,
    pub start_period: Duration,
}

impl ProbeFile {
    /// The kinds that are written; a probe is of one.
    pub fn kinds(&self) -> Vec<&'static str> {
        let kinds = [
            ("http", self.http.is_some()),
            ("tcp", self.tcp),
            ("command", self.command.is_some()),
            ("log", self.log.is_some()),
        ];
        kinds.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect()
    }
}

impl Record for ProbeFile {
    const MEANING: &'static str = "One probe: `http`, `tcp` (the default), `command` or `log`.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("http_get", "http"),
        ("test", "command"),
        ("exec", "command"),
        ("log_line", "log"),
        ("ready_log_line", "log"),
        ("retries", "failure_threshold"),
        ("period", "interval"),
        ("initial_delay", "start_period"),
    ];

    /// Defaults as Kubernetes has them, but for the interval: a developer waits in front of it.
    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            http: fields.optional(
                "http",
                "A path on the service's port, or a map; an answer of 200 to 399 is a success.",
            ),
            tcp: fields.or(
                "tcp",
                "A success when the service's port takes a connection, on 127.0.0.1 or ::1.",
                false,
            ),
            command: fields.optional("command", "A success when this ends with exit code 0."),
            log: fields.optional("log", "A success once a line of the output matches this regular expression."),
            port: fields.optional(
                "port",
                "The name of the port that `http` and `tcp` ask. Default: the service's main one.",
            ),
            listener: fields.or(
                "listener",
                "`own`: a port counts only when the service's own processes listen on it. `any`: whoever does, such as the engine of a container that the service starts.",
                Words(Listener::Own),
            ),
            interval: fields.or(
                "interval",
                "The time between two probes once it succeeds.",
                Period(Duration::from_secs(5)),
            ),
            timeout: fields.optional(
                "timeout",
                "How long one probe may take. Default: `1s`; of an MCP server, which may have to be started for it, `10s`.",
            ),
            success_threshold: fields.or(
                "success_threshold",
                "This many successes in a row mean that it succeeds.",
                NonZeroU32::MIN,
            ),
            failure_threshold: fields.or(
                "failure_threshold",
                "This many failures in a row mean that it fails.",
                NonZeroU32::MIN.saturating_add(2),
            ),
            start_period: fields.or(
                "start_period",
                "Failures in this time after the start don't count, until the first success.",
                Duration::from_secs(30),
            ),
        }
    }
}

#[derive(Debug)]
pub(in crate::config) struct HttpFile {
    pub path: Option<Placed<String>>,
    pub send: Entries<Placed<Scalar>>,
    pub status: Statuses,
    pub headers: Entries<Placed<Pattern>>,
    pub body: Option<Pattern>,
    pub tls: bool,
}

impl Record for HttpFile {
    const MEANING: &'static str = "A GET request, and which answers are a success.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("url", "path"),
        ("http_headers", "send"),
        ("request_headers", "send"),
        ("status_code", "status"),
        ("header", "headers"),
        ("https", "tls"),
        ("scheme", "tls"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            path: fields.required("path", "The path, with a query if need be.", "/health"),
            send: fields.optional("send", "Headers of the request.").unwrap_or_default(),
            status: fields.or(
                "status",
                "Statuses that are a success: numbers and ranges such as `200-299`.",
                Statuses::default(),
            ),
            headers: fields
                .optional(
                    "headers",
                    "Headers that the answer must have, each with a regular expression for its value.",
                )
                .unwrap_or_default(),
            body: fields.optional(
                "body",
                "A regular expression that must match somewhere in the first 64 KiB of the body.",
            ),
            tls: fields.or("tls", "By HTTPS; on loopback any certificate will do.", false),
        }
    }
}
