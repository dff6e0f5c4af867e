//! Text from state: pure functions, so that each can be pinned by a snapshot.

mod ansi;
mod changes;
mod environment;
mod events;
mod failure;
mod findings;
mod graph;
mod lists;
mod logs;
mod maintenance;
mod palette;
mod ports;
mod progress;
mod requests;
mod secrets;
mod settings;
mod state;
mod stats;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod tunnels;
mod units;

pub use changes::{applied, changes};
pub use environment::environment;
pub use events::{EventTable, events};
pub use failure::failure;
pub use findings::findings;
pub use graph::{dot, graph, layers};
pub use lists::{processes, projects};
pub use logs::LogStyle;
pub use maintenance::maintenance;
pub use palette::Palette;
pub use ports::{port, ports};
pub use progress::{LiveBlock, change_lines, urls};
pub use requests::{RequestStyle, traffic};
pub use secrets::secrets;
pub use settings::settings;
pub use state::counts_down;
pub use stats::{Drawn, stats};
pub use status::{headline, last_words, status};
pub use tunnels::{shared, tunnels};
