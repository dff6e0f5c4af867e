//! The stored facts about ports, and the test whether one is free.

mod availability;
mod change;
mod registry;
mod shared;
mod table;
#[cfg(test)]
mod tests;
mod texts;
mod wanted;

pub use availability::{Availability, availability, is_free};
pub use registry::{PortRegistry, RegistryOptions};
pub use wanted::{Conflict, Import, InstancePorts, NodePort, Wanted, holder};
