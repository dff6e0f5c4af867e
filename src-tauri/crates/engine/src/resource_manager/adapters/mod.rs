//! One file, or folder, for each type of resource, and their list.

mod api;
mod cloud;
mod command;
pub mod docker;
#[cfg(test)]
pub mod example;
mod neon;
mod railway;
mod render;
mod shared;
mod supabase;
mod system_daemon;
mod vercel;
#[cfg(test)]
mod weather;

pub use system_daemon::Buses;

use super::types::ResourceType;

pub const TYPES: &[ResourceType] = &[
    api::TYPE,
    command::TYPE,
    docker::TYPE,
    neon::TYPE,
    railway::TYPE,
    render::TYPE,
    shared::TYPE,
    supabase::TYPE,
    system_daemon::TYPE,
    vercel::TYPE,
];
