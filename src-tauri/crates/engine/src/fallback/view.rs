use std::time::Duration;

use kinfra_rpc::{Exit, Health, Maintenance, Phase, Problem};

/// What a page may tell of one service, in one moment.
#[derive(Debug, Clone, Default)]
pub struct ServiceView {
    pub project: String,
    pub service: String,
    pub phase: Phase,
    pub health: Health,
    /// One line of truth, as the window shows it.
    pub detail: String,
    /// The services that keep it from starting.
    pub waits_for: Vec<String>,
    pub last_exit: Option<Exit>,
    /// Since the user's last Start.
    pub restarts: u32,
    /// Until the next try.
    pub retry_in: Option<Duration>,
    pub problem: Option<Problem>,
    /// Its user wants a page to be shown instead of it, whatever else is so.
    pub maintenance: Option<Maintenance>,
    /// The newest lines that it printed, oldest first; ANSI sequences may be in them.
    pub log_lines: Vec<String>,
    /// The present, in milliseconds since 1970.
    pub now_ms: u64,
}

/// What the page for an unknown host or path lists.
#[derive(Debug, Clone, Default)]
pub struct KnownProject {
    pub name: String,
    pub services: Vec<KnownService>,
}

#[derive(Debug, Clone, Default)]
pub struct KnownService {
    pub name: String,
    /// Through the proxy.
    pub url: String,
    pub phase: Phase,
}
