//! The engine: everything that KInfra decides. It knows no Tauri, no GTK and no clap; environment, clock and
//! paths are handed to it.

pub mod accounts;
mod causes;
pub mod clock;
pub mod cloudflare;
pub mod compat;
pub mod config;
pub mod connector;
pub mod control;
pub mod disuse;
pub mod env_files;
mod error;
pub mod events;
pub mod fallback;
pub mod health;
pub mod home;
mod kinfra;
pub mod logging;
pub mod logs;
pub mod notifier;
pub mod orchestrator;
pub mod port_registry;
pub mod process;
pub mod proxy_server;
mod replacing;
pub mod resource_manager;
mod schema;
pub mod secrets;
pub mod service_manager;
pub mod sharing;
pub mod smart_allocator;
pub mod store;
pub mod supervisor;
pub mod templates;
pub mod tunnel_sync;
pub mod watch;

pub use kinfra::{EngineOptions, Kinfra, add_resource, connect_or_open, connect_or_read};
