//! A project at Vercel, by the deployments of its production or of a branch.
//!
//! Theory of operation: its state is that of the newest deployment, beside which that is looked at which is really
//! served: what was canceled, or waits for somebody, takes nothing away. While a deployment is built, the one before it
//! goes on. Nothing here is started or stopped by Vercel, so a start uses what is there; with `deploy: on_start` each
//! start asks for one deployment from git, which carries a mark by which it is found again where an answer got lost.

mod api;
mod deeds;
mod following;
mod inspect;
mod look;
mod meant;
mod settings;
#[cfg(test)]
mod tests;
mod translate;
mod vendor;

use std::sync::Arc;

use settings::VercelSettings;

use super::cloud::About;
use crate::resource_manager::remote::Rate;
use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "vercel",
    meaning: "The deployments of a project at Vercel.",
    capabilities: Capabilities {
        stops: false,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::OnlyIfAsked,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(VercelSettings::declare(fields)),
    left: None,
};

pub static ABOUT: About = About {
    name: "Vercel",
    secret: "vercel",
    url: "https://api.vercel.com",
    // 500 a minute, as Vercel documents it for the scarcest question that is asked: half of that is left to others.
    rate: Rate::per_minute(250),
    errors: None,
};

/// How often something may be deployed, as Vercel documents it for its free plan.
const DEPLOYS: &[Rate] = &[Rate::within(60, 300), Rate::within(100, 3600), Rate::within(100, 86_400)];
