//! Which Docker engine is meant, when nobody says so: as the `docker` command would choose, and then wherever else an
//! engine listens by its usual settings.

mod address;
mod candidates;
mod context;

pub use address::{Address, Tls};
pub use candidates::{Choice, candidates};

#[cfg(test)]
mod tests;
