//! Supabase's Management API: projects that are paused and restored, branches that are projects of their own, keys and
//! what to connect by.
//!
//! Pausing and restoring take minutes, [`Supabase::takes`], by the clock of the cloud. Statuses and words that no document
//! tells are called guesses where they are decided.

mod branches;
mod control;
mod health;
mod keys;
mod life;
mod projects;
mod routes;
mod state;
#[cfg(test)]
mod tests;

pub use state::{Branch, Organization, Project, Supabase};
