//! Whatever an HTTP API can start and stop: a database of a cloud, a machine somewhere, a service of a colleague's.
//!
//! What is asked, and what an answer's words mean (`status`), its configuration says; how that is asked, and when, is
//! `remote`'s business, as for everything else that is asked of others.

mod adapter;
mod asked;
mod carried;
mod settings;
mod status;
mod values;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use settings::ApiSettings;

use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "api",
    meaning: "Something that an HTTP API starts and stops.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::OnlyIfAsked,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(ApiSettings::declare(fields)),
    left: None,
};
