//! Chooses ports: pure over (claims, what is busy, ranges).

mod choose;
mod hash;
mod port_set;
#[cfg(test)]
mod tests;
mod wish;

pub use choose::{Choice, Chosen, Ground, choose};
pub use hash::hash;
pub use port_set::PortSet;
pub use wish::{Ask, Stored, Wish};
