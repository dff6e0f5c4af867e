//! One tree for every file format, which knows where each value and each key stands.

mod json;
mod lines;
mod node;
mod read;
mod toml;
mod yaml;

pub(super) use node::{Key, Node, Number, Position, Value};
pub use read::Format;
pub(super) use read::{Fault, read};

#[cfg(test)]
mod tests;
