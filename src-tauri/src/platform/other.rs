use std::future::Future;

use kinfra_rpc::Failure;
use tauri::AppHandle;

use crate::surroundings::Surroundings;

/// Nothing to survive: the end of a session is told by other means.
pub fn survive_the_display(_: &AppHandle) {}

/// Nothing is shown yet: stderr and the log have it.
pub fn alert(_title: &str, _text: &str, _end: impl Future<Output = ()>) {}

/// As [`alert`].
pub async fn alert_in(_: &AppHandle, _title: String, _text: String) {}

/// As on Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    Start,
    Switched,
}

/// The app is only started at login on Linux yet.
pub fn keep_autostart(_on: bool, _: Occasion, _: &Surroundings) -> Result<(), Failure> {
    Ok(())
}
