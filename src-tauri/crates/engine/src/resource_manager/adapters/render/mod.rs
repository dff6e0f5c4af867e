//! A service at Render: suspended or not, and as its newest deploy is.
//!
//! Theory of operation: a service has no state of its own there. What suspends it is told with it; else the newest deploy
//! says how it is, beside the one that is live: what was canceled takes nothing away. A pause suspends it, so that
//! visitors get nothing, which nobody does unasked while something is deployed. A deploy has no mark of ours: after a lost
//! answer one is looked for that wasn't there before and came by the API.

mod api;
mod deeds;
mod inspect;
mod look;
mod meant;
mod settings;
#[cfg(test)]
mod tests;
mod vendor;

use std::sync::Arc;

use settings::RenderSettings;

use super::cloud::About;
use crate::resource_manager::remote::Rate;
use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "render",
    meaning: "A service at Render.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: true,
        restarts: Restarts::OnlyIfAsked,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(RenderSettings::declare(fields)),
    left: None,
};

pub static ABOUT: About = About {
    name: "Render",
    secret: "render",
    url: "https://api.render.com/v1",
    // 400 a minute, as Render documents it for all that is read: half of that is left to others.
    rate: Rate::per_minute(200),
    errors: None,
};

/// Of one service, as Render documents it.
const CHANGES_OF_ONE: &[Rate] = &[Rate::per_minute(10)];

/// Of all services of a user, likewise.
const CHANGES: &[Rate] = &[Rate::per_minute(30)];
