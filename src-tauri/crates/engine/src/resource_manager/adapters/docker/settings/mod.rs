//! What a configuration says of a container.

mod build;
mod declared;
mod mount;
mod port;
mod resolve;
mod size;

pub use build::Build;
pub use declared::{Declared, HealthCheck, Pull};
pub use mount::{Inside, Mount};
pub use port::Port;
pub use size::{Processors, Size};

#[cfg(test)]
mod tests;
