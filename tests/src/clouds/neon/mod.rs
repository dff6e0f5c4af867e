//! Neon: projects with branches of data, and the computes ("endpoints") that serve them, which sleep when nobody asks.
//!
//! What a write starts runs as operations, one after the other, each for [`Neon::takes`]; while a project has some that
//! are not over, whatever would start more is refused with 423. Statuses and words that no document tells are called
//! guesses where they are decided. Not played: archived branches, read replicas' own sizes, schemas and snapshots.

mod branches;
mod control;
mod endpoints;
mod operation;
mod projects;
mod restore;
mod routes;
mod shape;
mod state;
#[cfg(test)]
mod tests;

pub use operation::{Effect, Operation, Status};
pub use state::{Branch, Database, Endpoint, Neon, Phase, Project, Role};
