//! Offers an MCP server that speaks by its standard input and output as streamable HTTP.
//!
//! Theory of operation: such a server is made for one client, so each session has a process of its own: `initialize`
//! starts it, and it ends with the session, or when nobody has used that for long. What a client posts is a line for
//! the process; what the process says is an event for whoever waits. Messages are looked at only as far as it takes to
//! know whose they are, and handed on as they came. What the process prints beside that goes where the bridge's own
//! errors go.

mod answer;
mod message;
mod origin;
mod queue;
mod serve;
mod session;
mod sessions;
#[cfg(test)]
mod tests;

pub use serve::{Bridge, Report, serve};
