use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a resource is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ResourceInfo {
    /// Its type: `docker`, `command`.
    pub kind: String,
    /// The template that it comes of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub template: Option<String>,
    /// What it is made of, in a few words: the image of a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub what: Option<String>,
    /// It can be paused, and goes on where it was.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub pauses: bool,
    /// There is more to see of it, and to do with it, where it runs.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub inspects: bool,
}
