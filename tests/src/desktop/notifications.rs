use serde_json::Value;

use super::private::Desktop;

/// How D-Bus starts the real daemon; its settings are those of the desktop's own, empty home.
pub const DUNST: &str = "/usr/bin/dunst";

/// What the real daemon has been asked to show, as it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub summary: String,
    pub body: String,
}

/// Everything that dunst shows or has shown, the newest first.
pub fn dunst_history(desktop: &Desktop) -> Vec<Shown> {
    // What is on the screen is not in the history until it is closed.
    let close = desktop.command("dunstctl").arg("close-all").output().unwrap();
    if !close.status.success() {
        // Nobody has called it yet.
        return Vec::new();
    }
    let output = desktop.command("dunstctl").arg("history").output().unwrap();
    let history: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let text = |entry: &Value, field: &str| entry[field]["data"].as_str().unwrap_or_default().to_owned();
    let entries = history["data"].as_array().into_iter().flatten().flat_map(|list| list.as_array().unwrap());
    entries.map(|entry| Shown { summary: text(entry, "summary"), body: text(entry, "body") }).collect()
}
