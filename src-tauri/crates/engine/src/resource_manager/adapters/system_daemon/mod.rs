//! What the system itself runs: a unit of systemd, of the machine or of the user.
//!
//! Theory of operation: who keeps daemons here is behind one trait (`daemons`), of which Linux has systemd over D-Bus.
//! Nothing is polled and no text is parsed: a unit is looked at when it was started anew and when systemd says that
//! something has changed about it. Only what KInfra started is ever stopped: the run that it started is noted by its
//! invocation (`mark`), where the next engine finds it and a reboot doesn't. KInfra has no rights of its own: where
//! polkit refuses, the command is told that somebody with them can give.

mod adapter;
mod daemons;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod mark;
mod refusal;
mod settings;
#[cfg(target_os = "linux")]
mod systemd;

#[cfg(test)]
mod tests;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Buses;
use std::sync::Arc;

use settings::SystemDaemonSettings;
#[cfg(target_os = "linux")]
pub use systemd::Buses;

use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "system_daemon",
    meaning: "A daemon of the system's: a unit of systemd.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::AsConfigured,
        asking: Asking::Free,
    },
    declare: |fields| Arc::new(SystemDaemonSettings::declare(fields)),
    left: None,
};
