//! Reading what the keeper wrote. Everything here blocks on files.

mod cursor;
mod error;
mod lines;
mod reader;
mod stream_view;

pub use error::LogError;
pub use reader::{LogReader, last_lines};

#[cfg(test)]
mod tests;
