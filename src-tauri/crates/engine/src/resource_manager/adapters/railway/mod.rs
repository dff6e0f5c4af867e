//! A service at Railway, in one environment of a project.
//!
//! Theory of operation: its state is that of its newest deployment, beside which that is looked at which is active: what
//! was skipped or removed takes nothing away. One query asks all of that, since few are allowed; how often depends on how
//! many are. Railway answers refusals with success: they are told by their words (`translate`). What sleeps is well. A
//! start has a stopped deployment run again, and makes none.

mod api;
mod deeds;
mod inspect;
mod look;
mod meant;
mod queries;
mod resolve;
mod settings;
#[cfg(test)]
mod tests;
mod translate;
mod vendor;

use std::sync::Arc;

use settings::RailwaySettings;

use super::cloud::About;
use crate::resource_manager::remote::Rate;
use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "railway",
    meaning: "A service at Railway.",
    capabilities: Capabilities {
        stops: false,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::OnlyIfAsked,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(RailwaySettings::declare(fields)),
    left: None,
};

pub static ABOUT: About = About {
    name: "Railway",
    secret: "railway",
    url: "https://backboard.railway.com/graphql/v2",
    // As Railway documents it for its free plan.
    rate: Rate::within(100, 3600),
    errors: Some("/errors"),
};

/// At once, as Railway documents it for its smallest paid plan.
const AT_ONCE: &[Rate] = &[Rate::within(10, 1)];
