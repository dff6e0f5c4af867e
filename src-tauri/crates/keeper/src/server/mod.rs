//! The keeper itself.

mod children;
mod keeper;
mod link;
mod log_writer;
mod pump;
mod signalling;
mod spawning;
mod startup;

pub use keeper::run;
pub use log_writer::LogWriter;
pub use startup::{Options, StartError};

#[cfg(test)]
mod tests;
