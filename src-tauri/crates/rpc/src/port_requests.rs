//! What can be asked about ports, and asked of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{PortClaim, PortHolder, PortRange, Protocol, ReservedPorts};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ListPorts {
    /// Of one project alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub project: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PortList {
    /// In the order of their ports.
    pub claims: Vec<PortClaim>,
    pub reserved: Vec<ReservedPorts>,
    /// Where ports are chosen when a project doesn't say.
    pub range: PortRange,
    /// What the kernel gives to outgoing connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ephemeral: Option<PortRange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AskPort {
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PortReport {
    pub port: u16,
    /// Whose it is, by protocol.
    pub claims: Vec<PortClaim>,
    /// Who is on it now, by protocol.
    pub holders: Vec<HeldPort>,
    /// Whether it is kept out of the allocator's hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reserved: Option<ReservedPorts>,
    /// Whether the kernel may give it to an outgoing connection.
    pub ephemeral: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct HeldPort {
    pub protocol: Protocol,
    pub holder: PortHolder,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MovePort {
    pub project: String,
    pub service: String,
    /// Which of its ports; without a name the one that it finds in `PORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Without it one is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub to: Option<u16>,
    /// Only until the service is stopped.
    #[serde(default)]
    pub this_time: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AdoptPort {
    pub project: String,
    pub service: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Where the server runs; without it the service's own port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct PortMoved {
    /// The one that counts from the next start on.
    pub port: u16,
}

/// The holder is named as it was shown: another process that has taken the port since is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct FreePort {
    pub port: u16,
    #[serde(default)]
    pub protocol: Protocol,
    pub pid: u32,
    pub start_time: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReservePorts {
    pub range: PortRange,
    #[serde(default)]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReleasePorts {
    pub range: PortRange,
}
