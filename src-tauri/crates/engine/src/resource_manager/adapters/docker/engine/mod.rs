//! One engine, as all containers on it share it: one client, one stream of events, and what they say.
//!
//! Theory of operation: a task follows the engine's events for as long as anybody has a container on it. It takes an
//! event for what it says of one container, and keeps that in memory: nobody asks the engine how a container is. When
//! the stream ends, the engine is away, which is one state and one line in the log. The task then waits for its socket
//! to appear again, without knocking at a dead one; and when it is back, one look at the list of containers says what
//! was missed.

mod connection;
mod follow;
mod hear;
mod known;
mod time;
mod watched;

pub use connection::{Engine, Link};
pub use known::{Health, Known, Run, Said};
pub use time::nanoseconds;
pub use watched::Watched;

#[cfg(test)]
mod tests;
