//! The stored facts about ports, and the test whether one is free.

mod availability;
mod registry;

pub use availability::is_free;
pub use registry::{InstancePorts, PortRegistry};
