//! The database of one engine: what must survive it.

mod accounts;
mod claims;
mod connectors;
mod database;
mod events;
mod exposures;
mod maintenance;
mod opening;
mod projects;
mod runs;
mod schema;
mod settings;
mod tunnels;
mod writer;

pub use accounts::StoredAccount;
pub use claims::{Claim, ClaimKey, Claims, Reservation};
pub use connectors::StoredConnector;
pub use database::{Store, StoreError};
pub use events::{StoredEvent, WantedEvents};
pub use exposures::StoredExposure;
pub use projects::StoredProject;
pub use runs::{LatestRun, NewRun, Next, RunEnd, StoredRun};
pub use tunnels::{StoredTunnel, StoredTunnelRecord};
