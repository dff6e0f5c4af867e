use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(export, export_to = "rpc.ts")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// Which lines of a project's logs are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogFilter {
    /// Names of services; empty means all.
    pub services: Vec<String>,
    /// Only lines that contain this text, in any case of letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub contains: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogLine {
    pub service: String,
    pub stream: Stream,
    /// When the chunk that held the line's end was read, in milliseconds since 1970.
    #[ts(type = "number")]
    pub time: u64,
    /// Lossy UTF-8, without the line's end; ANSI sequences are kept.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    /// Where the next page begins. Opaque.
    pub cursor: String,
}
