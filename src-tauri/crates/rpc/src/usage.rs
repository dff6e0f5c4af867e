use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Measures what services use now. With none named, all that run. Nothing is measured unless this is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct MeasureUsage {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
}

/// What the processes of one node use: the one that was started, and all that it started in turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct NodeUsage {
    pub node: String,
    /// Of one core, with one decimal: two busy ones are 200. Since the measurement before, where that was at most 10
    /// seconds ago; else over 200 milliseconds, which the answer then takes longer.
    pub cpu_percent: f64,
    /// What processes share is divided among them, where the system tells (PSS); else counted in full.
    #[ts(type = "number")]
    pub memory_bytes: u64,
    /// Open files, sockets and pipes; those of another user's process can't be counted.
    pub descriptors: u32,
    pub processes: u32,
    pub threads: u32,
}

/// In the order of the configuration; what has no process is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct UsageList {
    pub nodes: Vec<NodeUsage>,
}
