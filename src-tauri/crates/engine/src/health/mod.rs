//! Probes: one check of one service.

mod http;
mod probe;

pub use probe::{Probe, check};
