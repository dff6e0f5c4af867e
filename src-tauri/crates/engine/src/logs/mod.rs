//! Reading what the keeper wrote: pages of the lines that are wanted, found by way of the index, and without secrets.
//! Everything here blocks on files.

mod bounds;
mod cursor;
mod error;
mod filter;
mod index;
mod lines;
mod pattern;
mod reader;
mod redaction;
mod runs;
mod secrets;
mod shapes;
mod source;
mod stream_view;
mod visible;

pub use error::LogError;
pub use pattern::Pattern;
pub use reader::{Begin, LogReader, last_lines, last_lines_of};
pub use redaction::Redactor;
pub use runs::{KnownRun, known_runs};
pub use secrets::{KnownSecrets, Secrets, is_secret};
pub use visible::{Piece, pieces, visible_ranges};

#[cfg(test)]
mod tests;
