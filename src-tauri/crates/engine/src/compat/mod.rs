//! What KInfra 1.0, the Python library, and its users' scripts left on a machine: read, planned, taken over. None of
//! their files is ever changed.

mod connectors;
mod deciding;
mod draft;
mod drafts;
mod files;
mod former;
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
pub use deciding::Handed;
pub use draft::{Certainty, Draft, DraftService};
pub use drafts::{Drafts, drafts};
pub use files::{Gathered, Source};
pub use former::is_server;
pub use found::{Found, FoundPort, FoundProject, FoundQuick, FoundRule, FoundServer, FoundTunnel, Reading};
pub use journal::{Journal, NotedClaim, NotedProject, NotedSteps, NotedWrite, TakenBack};
pub use known::{Configuration, Content, GivenPort, Known, MAIN_PORT, main_claim};
pub use plan::{Places, Planning, is_pending, plan};
pub use python::{is_empty, without};
pub use read::{Kind, kind_of, read};
pub use running::{Connector, Occupant, Running, Started};
