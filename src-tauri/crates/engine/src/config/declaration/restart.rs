use std::time::Duration;

use crate::config::settings::Signal;
use crate::config::spec::RestartPolicy;
use crate::schema::{Fields, Record, Words};

#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct RestartFile {
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
pub(in crate::config) struct BackoffFile {
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
pub(in crate::config) struct StopFile {
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
