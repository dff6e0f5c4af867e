//! cloudflared: found, started, watched, and its state told as it is.

mod command;
mod download;
mod judge;
mod log_lines;
mod metrics;
mod program;
mod tunnel;
mod watch;

#[cfg(test)]
mod tests;

pub use command::{Origin, Start};
pub use download::{Asset, RELEASES, download};
pub use judge::Verdict;
pub use program::{Found, find};
pub use tunnel::{Connector, ConnectorContext, INSTANCE, View};
