//! The facade: the only thing that shell, CLI and control socket call.

mod adoption;
mod commands;
mod ending;
mod engine;
mod instances;
mod lock;
mod open;
mod options;
mod projects;
mod proxy;
mod removal;
mod reports;

pub use engine::Kinfra;
pub use options::EngineOptions;
