//! One file, or folder, for each type of resource, and their list.

mod api;
mod command;
mod system_daemon;

pub use api::Paces;
pub use system_daemon::Buses;

use super::types::ResourceType;

pub const TYPES: &[ResourceType] = &[api::TYPE, command::TYPE, system_daemon::TYPE];
