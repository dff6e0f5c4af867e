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
    /// Only lines that match this regular expression. It ignores the case of letters unless it has a capital one,
    /// and sees the line without ANSI sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pattern: Option<String>,
    /// Only lines that do not match it.
    #[ts(optional, as = "Option<bool>")]
    pub invert: bool,
    /// Not before this moment, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub since: Option<u64>,
    /// Not after this moment, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<u64>,
    /// Only this run of each service: 0 is the newest whose log is kept, -1 the one before it, and a positive
    /// number the run of that number. None means all. A cursor keeps the run that was the newest when its first
    /// page was read; after 0 it goes on with the runs that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub run: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogLine {
    pub service: String,
    pub stream: Stream,
    /// When the chunk that held the line's end was read, in milliseconds since 1970.
    #[ts(type = "number")]
    pub time: u64,
    /// The number of the run that printed it; 0 when that is no longer known.
    #[serde(default)]
    #[ts(type = "number")]
    pub run: u64,
    /// Lossy UTF-8, without the line's end; ANSI sequences are kept, secrets are not. A line of more than 64 KiB ends
    /// in `…`; when its end is known, a line follows that begins with `…` and tells how long it was.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    /// The runs that printed these lines, as far as they are known.
    #[serde(default)]
    pub runs: Vec<LogRun>,
    /// Where the next page begins. Opaque.
    pub cursor: String,
}

/// One run of a service of which output is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogRun {
    pub service: String,
    #[ts(type = "number")]
    pub run: u64,
    /// In milliseconds since 1970.
    #[ts(type = "number")]
    pub started_at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct LogRuns {
    /// Service by service, the oldest first.
    pub runs: Vec<LogRun>,
}
