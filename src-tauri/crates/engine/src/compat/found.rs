//! What is found, whichever file it was in.

use kinfra_rpc::PortRange;

/// What one file holds, and what in it can't be used. Neither keeps the other from being taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub found: Vec<Found>,
    /// Each in words, with the value.
    pub faults: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    Port(FoundPort),
    Project(FoundProject),
    Tunnel(FoundTunnel),
}

/// A name that the old registry had given a port.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPort {
    pub name: String,
    pub port: u16,
    /// The id of a tunnel at Cloudflare.
    pub tunnel: Option<String>,
    pub hostname: Option<String>,
    /// cloudflared's, the server's or that of whoever started it: the library wrote all of these there.
    pub pid: Option<u32>,
    /// When the library last knew of it, in seconds since 1970.
    pub seen_at: Option<f64>,
}

/// What is known of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundProject {
    /// None: it has the name of its folder.
    pub name: Option<String>,
    pub port: Option<u16>,
    pub range: Option<PortRange>,
    /// Ports that it must never be given.
    pub blocked: Vec<u16>,
    pub hostname: Option<String>,
    /// What its health is asked by: `/health`.
    pub health: Option<String>,
    /// How long it may take to end, in seconds.
    pub grace: Option<f64>,
    pub server: Option<FoundServer>,
    pub quick: Option<FoundQuick>,
}

/// A name of Cloudflare's own, as a tunnel of the library's had it last.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundQuick {
    pub host: String,
    /// When it answered last, in seconds since 1970.
    pub seen_at: Option<f64>,
}

/// A server that may run still.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundServer {
    pub pid: u32,
    /// Seconds since 1970, as the library saw it a moment later.
    pub started_at: f64,
}

/// A tunnel that a file configures.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTunnel {
    /// Its id or its name.
    pub tunnel: String,
    pub rules: Vec<FoundRule>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FoundRule {
    pub hostname: String,
    /// As the library meant it: `/api`. In the file it is a regular expression that says something else.
    pub path: Option<String>,
    pub port: u16,
}
