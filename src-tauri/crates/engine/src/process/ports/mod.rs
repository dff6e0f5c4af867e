//! Ports as the kernel sees them: who is on one, on which ones a program listens, what the kernel gives away itself.

mod docker;
mod held_by;
mod kernel;
mod listener;
mod owners;
mod program;
mod sockets;
mod table;
#[cfg(test)]
mod tests;

pub use docker::Containers;
pub use held_by::HeldBy;
pub use kernel::{ephemeral_range, reserved_ports, started_at};
pub use listener::{holds, listener_on};
pub use sockets::{ListeningPort, Sockets, holder, listening_ports};
