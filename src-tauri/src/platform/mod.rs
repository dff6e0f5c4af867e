//! What is only there on one system.

#[cfg(target_os = "linux")]
mod autostart;
#[cfg(target_os = "linux")]
mod dialog;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
pub use autostart::{Occasion, keep_autostart};
#[cfg(target_os = "linux")]
pub use dialog::{alert, alert_in};
#[cfg(not(target_os = "linux"))]
pub use other::{Occasion, alert, alert_in, keep_autostart, survive_the_display};
#[cfg(target_os = "linux")]
pub use x11::survive_the_display;
