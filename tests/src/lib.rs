//! End-to-end tests of KInfra on real programs, processes and sockets, and what all of them need: the programs
//! as built, a home of their own, bounded waiting, and a loud way to skip.

pub mod bench;
#[allow(clippy::unwrap_used, reason = "what tests are made of: a panic is how it fails")]
pub mod cloudflare;
#[allow(clippy::unwrap_used, reason = "what tests are made of: a panic is how it fails")]
pub mod clouds;
#[allow(clippy::unwrap_used, reason = "what tests are made of: a panic is how it fails")]
pub mod desktop;
#[cfg(test)]
mod dice;
#[allow(clippy::unwrap_used, reason = "what tests are made of: a panic is how it fails")]
pub mod docker;
mod home;
pub mod http;
mod ports;
mod processes;
mod programs;
mod project;
mod skips;
mod wait;

pub use home::TestHome;
pub use processes::{Process, descendants_of};
pub use programs::bin;
pub use project::{Printed, TestProject};
pub use skips::skip;
pub use wait::{wait_for, wait_for_ok, wait_until};

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod misbehave;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod tunnels;
