//! The `kinfra` command: a client of the engine that is there, or its host where none is.
//!
//! Theory of operation: it is two programs. `kinfra` is what is typed. It knows the few commands that are run all day
//! and that need nothing but an engine elsewhere; it is small, and so begins in half the time. Whatever else it is
//! asked it hands over to `kinfra-host` beside it, which knows everything, by becoming it. Nobody has to know.

mod arguments;
mod commands;
mod example;
mod exit_code;
mod hosting;
mod mcp;
mod moment;
mod output;
pub mod quick;
mod render;
mod running;
mod selection;
mod surroundings;
mod trouble;
mod typing;
mod watching;
pub mod whole;

#[cfg(test)]
mod tests;
