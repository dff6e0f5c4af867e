//! The facade: the only thing that shell, CLI and control socket call.

mod adoption;
mod applying;
mod catalog;
mod commands;
mod configuration_watch;
mod doctor;
mod domains;
mod ending;
mod engine;
mod env_blocks;
mod freeing;
mod instances;
mod lock;
mod logs;
mod maintenance;
mod names;
mod offline;
mod open;
mod options;
mod port_reports;
mod ports;
mod presses;
mod projects;
mod proxy;
mod rebuild;
mod removal;
mod reports;
mod secrets;
mod setting_aside;
mod settings;
mod strays;
mod traffic;
mod usage;

pub use engine::Kinfra;
pub use offline::connect_or_open;
pub use options::EngineOptions;
