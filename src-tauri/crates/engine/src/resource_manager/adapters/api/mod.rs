//! Whatever an HTTP API can start and stop: a database of a cloud, a machine somewhere, a service of a colleague's.
//!
//! Theory of operation: a request is data (`call`) until it is sent (`http`), and only `core` sends, in its turn
//! (`pace`): never more often than the API's limit, which all resources with the same credential share, and not before
//! the time that the API itself named. What an answer means is decided by pure functions: `answer` for any request,
//! `status` for the state that it tells, `wish` for what to do next until a start or an end is known to have been
//! taken. A start whose outcome is unknown is looked for before anything is sent again. How it is, is asked by one
//! request at a time, shared by all who want to know (`looks`): each 2 s while something is changing, each 30 s while
//! nothing is, ever more rarely while nobody answers.

mod adapter;
mod answer;
mod call;
mod core;
mod hidden;
mod http;
mod looks;
mod pace;
mod retry_after;
mod settings;
mod status;
mod values;
mod wish;

#[cfg(test)]
mod tests;

pub use pace::Paces;
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
