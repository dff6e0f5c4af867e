//! What can be seen: a snapshot with a revision, then deltas.

mod hub;

pub use hub::Hub;
