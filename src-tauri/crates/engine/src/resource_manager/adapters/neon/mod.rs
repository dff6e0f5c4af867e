//! A branch of a Postgres database at Neon, and the compute that serves it.
//!
//! Theory of operation: a branch is found by its name, and its compute by the branch. A compute that sleeps is well: it
//! wakes by itself with the next connection, so it is only started when its stack is, and never kept awake. With
//! `branch: instance` the branch is this instance's own: it is made with the first start, by a name that tells whose it
//! is, and goes when its user says so.

mod api;
mod deeds;
mod inspect;
mod look;
mod settings;
#[cfg(test)]
mod tests;
mod uri;
mod vendor;

use std::sync::Arc;

use settings::NeonSettings;

use super::cloud::About;
use crate::resource_manager::remote::Rate;
use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "neon",
    meaning: "A branch of a database at Neon.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: true,
        restarts: Restarts::OnlyIfAsked,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(NeonSettings::declare(fields)),
    left: None,
};

pub static ABOUT: About = About {
    name: "Neon",
    secret: "neon",
    url: "https://console.neon.tech/api/v2",
    // 700 a minute, as Neon documents it: half of that is left to whoever else has the same key.
    rate: Rate::per_minute(350),
    errors: None,
};
