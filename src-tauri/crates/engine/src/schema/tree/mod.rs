//! One tree for every file format, which knows where each value and each key stands.

mod json;
mod lines;
mod node;
mod read;
mod toml;
mod yaml;

pub(crate) use node::{Key, Node, Number, Position, Value};
pub use read::Format;
pub(crate) use read::{Fault, read};

#[cfg(test)]
mod tests;
