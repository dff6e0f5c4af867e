//! Probes that ask by the network: one check of one service.

mod http;
mod probe;
mod tls;

pub use http::{Expected, HttpRequest};
pub use probe::{Probe, check, took};
