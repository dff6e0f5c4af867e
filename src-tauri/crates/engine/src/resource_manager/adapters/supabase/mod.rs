//! A project at Supabase, or a branch of one, which is a project of its own.
//!
//! Theory of operation: a project is asked by its ref, and a branch is found by its name among its project's; all that is
//! asked or changed after that is the branch's own project. A free project is paused by Supabase when it is not used, and
//! a start, or *Resume*, has it restored, which takes minutes. It is left as it is when its stack stops, since others may
//! use it. With `branch: instance` the branch is this instance's own: it is made with the first start, by a name that
//! tells whose it is, and goes when its user says so. Supabase never tells the password of a project's database, only
//! that of a branch.

mod api;
mod deeds;
mod inspect;
mod look;
mod outputs;
mod settings;
#[cfg(test)]
mod tests;
mod vendor;

use std::sync::Arc;

use settings::SupabaseSettings;

use super::cloud::About;
use crate::resource_manager::remote::Rate;
use crate::resource_manager::{Asking, Capabilities, ResourceType, Restarts};

pub const TYPE: ResourceType = ResourceType {
    name: "supabase",
    meaning: "A project at Supabase, or a branch of one.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: true,
        restarts: Restarts::OnlyIfAsked,
        asking: Asking::Costly,
    },
    declare: |fields| Arc::new(SupabaseSettings::declare(fields)),
    left: None,
};

pub static ABOUT: About = About {
    name: "Supabase",
    secret: "supabase",
    url: "https://api.supabase.com",
    // 120 a minute for each project of a user, as Supabase documents it: some of that is left to whoever else asks.
    rate: Rate::per_minute(90),
    errors: None,
};
