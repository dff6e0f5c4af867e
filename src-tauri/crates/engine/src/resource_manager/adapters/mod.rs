//! One file, or folder, for each type of resource, and their list.

mod api;
mod command;
pub mod docker;
#[cfg(test)]
pub mod example;
mod shared;
mod system_daemon;

pub use system_daemon::Buses;

use super::types::ResourceType;

pub const TYPES: &[ResourceType] =
    &[api::TYPE, command::TYPE, docker::TYPE, shared::TYPE, system_daemon::TYPE];
