//! Probes that ask by the network: one check of one service.

mod http;
mod mcp;
mod probe;
mod tls;

pub use http::{Expected, HttpRequest};
pub use mcp::{McpRequest, McpSession};
pub use probe::{Probe, check, took};
