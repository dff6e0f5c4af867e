//! What is public: which services, under which names, through which tunnels, and how that fares.

mod actor;
mod asked;
mod decide;
mod handle;
mod look;
mod show;
mod tunnels;
mod visit;
mod visits;
mod wishes;

pub use decide::{Decided, decide};
pub use handle::{Concerned, Sharing, SharingContext};
pub use show::at_first;
