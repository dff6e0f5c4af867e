//! The database of one engine: what must survive it.

mod claims;
mod database;
mod projects;
mod runs;
mod schema;

pub use claims::{Claim, ClaimKey};
pub use database::{Store, StoreError};
pub use projects::StoredProject;
pub use runs::{NewRun, StoredRun};
