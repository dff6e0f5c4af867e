//! Ports: who owns which, who holds them now, and what can be done about it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
}

impl Protocol {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// Who chose a claim's port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum PortOrigin {
    /// The allocator, by the hash of the claim's key.
    #[default]
    Hash,
    /// The configuration, or a person who moved it.
    User,
    /// The registry of KInfra 1.0.
    Import,
    /// A server that ran there already.
    Adopted,
}

impl PortOrigin {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::User => "user",
            Self::Import => "import",
            Self::Adopted => "adopted",
        }
    }
}

/// What is on a port now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum PortUse {
    /// Nobody.
    #[default]
    Free,
    /// The service that it belongs to.
    InUse,
    /// A server that the user told KInfra to leave alone and to route to.
    Adopted,
    /// Somebody else.
    Taken,
}

/// Two ports and all between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PortRange {
    pub first: u16,
    pub last: u16,
}

impl PortRange {
    /// None for 0, and for a range that ends before it begins.
    #[must_use]
    pub const fn new(first: u16, last: u16) -> Option<Self> {
        if 0 < first && first <= last { Some(Self { first, last }) } else { None }
    }

    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }

    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// `8000-8999`, or one port: `5432`.
impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |part: &str| part.trim().parse().ok();
        let range = number(first).zip(number(last)).and_then(|(first, last)| Self::new(first, last));
        range.ok_or_else(|| "a port or two with a dash between them, such as 5432 or 8000-8999".to_owned())
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(out, "{}", self.first)
        } else {
            write!(out, "{}-{}", self.first, self.last)
        }
    }
}

/// Whoever keeps a port from others. What can't be seen, because the process is another user's, is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PortHolder {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pid: Option<u32>,
    /// With the pid it names one process for ever: clock ticks between boot and its start, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub start_time: Option<String>,
    /// When it was started, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
    /// The user's name, or the number where the name isn't known.
    pub user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub program: Option<String>,
    /// Program and arguments. May hold secrets: to be shown, never to be stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub folder: Option<PathBuf>,
    /// The known project that it belongs to: by its run, else by its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub project: Option<String>,
    /// The node whose process it is, if KInfra started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub node: Option<String>,
    /// The container's name, where Docker holds the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub container: Option<String>,
}

/// `node (pid 4711, in /home/me/shop)`
impl fmt::Display for PortHolder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(container) = &self.container {
            return write!(out, "the container {container}");
        }
        if let (Some(project), Some(node)) = (&self.project, &self.node) {
            write!(out, "{node} of {project}")?;
            return self.pid.map_or(Ok(()), |pid| write!(out, " (pid {pid})"));
        }
        match (&self.program, self.pid) {
            (Some(program), Some(pid)) => write!(out, "{program} (pid {pid}")?,
            (None, Some(pid)) => write!(out, "a program (pid {pid}")?,
            (_, None) => return write!(out, "a program of the user {}", self.user),
        }
        if let Some(folder) = &self.folder {
            write!(out, ", in {}", folder.display())?;
        }
        out.write_str(")")
    }
}

/// One claim: a port, whose it is, and what is on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PortClaim {
    pub port: u16,
    pub protocol: Protocol,
    /// The instance's slug: how commands name it.
    pub project: String,
    pub node: String,
    pub replica: u32,
    /// `http` unless the configuration gives several names.
    pub name: String,
    /// What the service finds in `PORT`.
    pub main: bool,
    pub origin: PortOrigin,
    /// In the place of `port` until the service is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub this_time: Option<u16>,
    /// Where the service really listens, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub listens_on: Option<u16>,
    #[serde(rename = "use")]
    pub in_use: PortUse,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub holder: Option<PortHolder>,
}

/// Ports that are never chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReservedPorts {
    pub range: PortRange,
    /// What for, in the user's words; may be empty.
    pub reason: String,
    /// Written in the settings file, not by a command.
    pub from_settings: bool,
}
