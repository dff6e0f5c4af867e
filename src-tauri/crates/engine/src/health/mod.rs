//! Probes that ask by the network: one check of one service.

mod http;
mod probe;

pub use probe::{Probe, check, took};
