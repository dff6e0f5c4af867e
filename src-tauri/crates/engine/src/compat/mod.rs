//! What KInfra 1.0, the Python library, and its users' scripts left on a machine: read, planned, taken over. None of
//! their files is ever changed.

mod connectors;
mod draft;
mod drafts;
mod files;
mod found;
mod journal;
mod known;
mod launcher;
mod plan;
mod python;
mod read;
mod running;
#[cfg(test)]
mod tests;
mod text;

pub use connectors::{configured, to_know, tunnel_of};
pub use draft::{Draft, DraftService};
pub use drafts::{Drafts, drafts};
pub use files::{Gathered, Source};
pub use found::{Found, FoundPort, FoundProject, FoundQuick, FoundRule, FoundServer, FoundTunnel, Reading};
pub use journal::{Journal, NotedClaim, NotedProject, NotedSteps, NotedWrite, TakenBack};
pub use known::{Configuration, Content, Known, MAIN_PORT, main_claim};
pub use plan::{Places, is_pending, is_server, plan};
pub use read::{Kind, kind_of, read};
pub use running::{Connector, Occupant, Running, Started};
