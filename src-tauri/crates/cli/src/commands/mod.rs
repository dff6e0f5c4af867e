//! One file per command, or per few that are alike.

mod configuration;
mod doctor;
mod down;
mod end;
mod engine_log;
mod environment;
mod events;
mod graph;
mod known;
mod log_reader;
mod logs;
mod maintenance;
mod port_changes;
mod ports;
mod report;
mod requests;
mod restart;
mod settings;
mod stats;
mod status;
mod up;
mod url;
mod wait;

pub use configuration::{apply, diff};
pub use doctor::doctor;
pub use down::down;
pub use end::quit;
pub use environment::environment;
pub use events::events;
pub use graph::graph;
pub use known::{add, projects, remove};
pub use log_reader::LogReader;
pub use logs::logs;
pub use maintenance::maintenance;
pub use port_changes::proxy_port;
pub use ports::{port, ports};
pub use report::ProjectReport;
pub use requests::{requests, traffic};
pub use restart::restart;
pub use settings::settings;
pub use stats::stats;
#[cfg(test)]
pub use status::code as status_code;
pub use status::{processes, status};
pub use up::{Target, start, up};
pub use url::url;
