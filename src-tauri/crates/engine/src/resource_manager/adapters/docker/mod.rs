//! Containers, of Docker or of whoever speaks as Docker does: Podman, Colima, OrbStack, Rancher Desktop.
//!
//! Theory of operation: `discovery` finds the engine that is meant, `engine` holds its one connection for all of its
//! containers. A container's state is known from events; it is asked for only before a start, and when events may have
//! been missed. `observe` looks at what is there, `plan` says what to do about it, `apply` does it. What is made
//! carries the mark of our home (`labels`), and only that is ever changed. A container outlives its stop, and its
//! volumes outlive everything but the user's word (`remove`).

mod apply;
mod body;
mod build;
mod container;
mod credentials;
mod discovery;
mod engine;
mod engines;
mod errors;
mod exec;
mod files;
mod labels;
mod logs;
mod observe;
mod plan;
mod pull;
mod remove;
mod settings;
mod spec;
mod there;

use std::sync::Arc;

pub use engines::Engines;
pub use remove::{Made, MadeKind, made, remove};
pub use there::may_be_there;

use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};
use crate::schema::Record;

pub const TYPE: ResourceType = ResourceType {
    name: "docker",
    meaning: "A container of a Docker engine, or of one that speaks as Docker does.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::AsConfigured,
        asking: Asking::Free,
    },
    declare: |fields| Arc::new(settings::Declared::declare(fields)),
    left: Some(|place, outside| container::Container::shared(place, None, Arc::clone(outside))),
};
