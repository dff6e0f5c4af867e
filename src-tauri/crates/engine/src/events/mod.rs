//! What can be seen: a snapshot with a revision, then deltas.

mod hub;
mod standing;

pub use hub::Hub;
pub use standing::Standing;
