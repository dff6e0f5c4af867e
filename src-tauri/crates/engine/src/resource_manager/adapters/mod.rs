//! One file, or folder, for each type of resource, and their list.

mod api;
mod command;
pub mod docker;

pub use api::Paces;

use super::types::ResourceType;

pub const TYPES: &[ResourceType] = &[api::TYPE, command::TYPE, docker::TYPE];
