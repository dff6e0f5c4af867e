//! Ports as the kernel sees them: who is on one, and what it may give away by itself.

mod docker;
mod holder;
mod kernel;
mod sockets;
#[cfg(test)]
mod tests;

pub use docker::container_on;
pub use holder::{HeldBy, started_at};
pub use kernel::{ephemeral_range, reserved_ports};
pub use sockets::Sockets;
