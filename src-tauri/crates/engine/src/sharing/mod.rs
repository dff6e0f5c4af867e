//! What is public: which services, under which names, through which tunnels, and how that fares.

mod actor;
mod decide;
mod show;
mod tunnels;
mod wishes;

pub use actor::{Concerned, Sharing, SharingContext};
pub use decide::{Decided, decide};
pub use show::at_first;
