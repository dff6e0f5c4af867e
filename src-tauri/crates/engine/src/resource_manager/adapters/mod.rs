//! One file, or folder, for each type of resource, and their list.

mod command;
pub mod docker;

use super::types::ResourceType;

pub const TYPES: &[ResourceType] = &[command::TYPE, docker::TYPE];
