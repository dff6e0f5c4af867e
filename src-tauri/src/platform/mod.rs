//! What is only there on one system.

#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
pub use x11::survive_the_display;

/// Nothing to survive: the end of a session is told by other means.
#[cfg(not(target_os = "linux"))]
pub fn survive_the_display(_: &tauri::AppHandle) {}
