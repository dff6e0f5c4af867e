//! The engine: everything that KInfra decides. It knows no Tauri, no GTK and no clap; environment, clock and
//! paths are handed to it.

pub mod config;
pub mod control;
pub mod fallback;
pub mod home;
