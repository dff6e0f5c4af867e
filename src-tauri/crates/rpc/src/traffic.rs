//! What goes through the proxy: the requests that were answered last, figures of each service, and maintenance.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Reads the requests that were answered last; the proxy keeps a thousand. With more than `limit` only the newest
/// ones are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReadRequests {
    /// Without one, those of all projects and of hosts that lead nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub project: Option<String>,
    /// Empty means all; only with a project.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub services: Vec<String>,
    /// Only those that failed: with a status of 400 and above, or broken off by the service.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub failed: bool,
    /// The cursor of the page before; 0 for the first one.
    #[serde(default)]
    #[ts(type = "number")]
    pub after: u64,
    pub limit: u32,
    /// When there is nothing after the cursor: wait this long for something, in milliseconds, at most 30,000.
    #[serde(default)]
    pub wait_ms: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RequestPage {
    /// In the order of their ends.
    pub requests: Vec<RequestRecord>,
    /// Where the next page begins.
    #[ts(type = "number")]
    pub cursor: u64,
}

/// One request that was answered, without what may be a secret: neither query nor headers nor bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RequestRecord {
    /// Grows with each request.
    #[ts(type = "number")]
    pub number: u64,
    /// When it came, in milliseconds since 1970.
    #[ts(type = "number")]
    pub at: u64,
    /// Until the last byte of its answer, in microseconds.
    #[ts(type = "number")]
    pub duration_us: u64,
    /// Whose service it was for; none for a host or path that leads nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub service: Option<String>,
    /// It came through a tunnel.
    #[serde(default)]
    pub public: bool,
    pub method: String,
    pub host: String,
    /// Cut off where it is longer than 300 bytes.
    pub path: String,
    pub status: u16,
    /// Bytes of its body.
    #[ts(type = "number")]
    pub received: u64,
    /// Bytes of its answer's body.
    #[ts(type = "number")]
    pub sent: u64,
    /// Why KInfra answered in the service's place, or why the answer broke off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trouble: Option<RequestTrouble>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum RequestTrouble {
    UnknownHost,
    UnknownPath,
    /// The service was not ready.
    NotServing,
    /// It was being worked on.
    Maintenance,
    /// Nobody listened on its port.
    Refused,
    TimedOut,
    /// It closed the connection.
    Reset,
    /// What it sent is no HTTP.
    Protocol,
}

/// What went through the proxy to services, since it was started. With no service named, to all of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MeasureTraffic {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct TrafficList {
    /// In the order of the configuration; only those that the proxy leads to.
    pub services: Vec<ServiceTraffic>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ServiceTraffic {
    pub service: String,
    #[ts(type = "number")]
    pub requests: u64,
    /// Those with a status of 500 and above, or broken off by the service.
    #[ts(type = "number")]
    pub errors: u64,
    /// Bytes of bodies that clients sent.
    #[ts(type = "number")]
    pub received: u64,
    /// Bytes of bodies that they were sent.
    #[ts(type = "number")]
    pub sent: u64,
    /// None before the first request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub latency: Option<Latency>,
}

/// From a request's head to the head of its answer, over the last 512 requests, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Latency {
    #[ts(type = "number")]
    pub median_us: u64,
    #[ts(type = "number")]
    pub p95_us: u64,
    #[ts(type = "number")]
    pub p99_us: u64,
}

/// Begins or ends the maintenance of services: meanwhile their visitors are shown a page that says so, whether the
/// services run or not. With no service named, of all that the proxy leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Maintain {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
    pub on: bool,
    /// What visitors are told: `back at 15:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
    /// When it is likely to be over, in milliseconds since 1970: programs are told to try again then. It does not end
    /// by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<u64>,
}

/// A service's visitors are shown a page instead of it, because its user wants that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Maintenance {
    /// In milliseconds since 1970.
    #[ts(type = "number")]
    pub since: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
    /// When it is likely to be over, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<u64>,
}
