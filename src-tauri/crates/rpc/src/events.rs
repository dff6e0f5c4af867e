use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What happened to a node. The text says it in full; the kind is for colours and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum EventKind {
    Started,
    Ready,
    Unready,
    /// It ended by itself.
    Ended,
    /// It will be started anew after a while.
    Restarting,
    CrashLooping,
    Stopping,
    Killed,
    Stopped,
    Failed,
    /// Taken over from an earlier engine.
    Adopted,
    /// Other settings were applied, or files that it watches have changed.
    Changed,
}

impl EventKind {
    pub const ALL: [Self; 12] = [
        Self::Started,
        Self::Ready,
        Self::Unready,
        Self::Ended,
        Self::Restarting,
        Self::CrashLooping,
        Self::Stopping,
        Self::Killed,
        Self::Stopped,
        Self::Failed,
        Self::Adopted,
        Self::Changed,
    ];

    /// As it is stored and shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ready => "ready",
            Self::Unready => "unready",
            Self::Ended => "ended",
            Self::Restarting => "restarting",
            Self::CrashLooping => "crash_looping",
            Self::Stopping => "stopping",
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Adopted => "adopted",
            Self::Changed => "changed",
        }
    }
}

/// One line of a node's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct NodeEvent {
    pub node: String,
    /// In milliseconds since 1970.
    #[ts(type = "number")]
    pub at: u64,
    /// Which run of the node it is about; runs count from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub run: Option<u64>,
    pub kind: EventKind,
    pub text: String,
    /// What it said last before it ended by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub lines: Vec<String>,
}

/// Reads what happened to the services of a project, newest last. With none named, to all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ReadEvents {
    pub project: String,
    #[serde(default)]
    pub services: Vec<String>,
    /// At most this many, the newest; the engine caps it at 1,000. After a cursor the oldest ones come first.
    pub limit: u32,
    /// Not before this moment, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
    /// Only what follows the answer that came with this cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub after: Option<u64>,
    /// How long to hold the answer back while there is nothing, in milliseconds; the engine caps it at 30,000.
    #[serde(default)]
    #[ts(as = "Option<u32>", optional)]
    pub wait_ms: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct EventList {
    pub events: Vec<NodeEvent>,
    /// Where a later question goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub cursor: Option<u64>,
}
