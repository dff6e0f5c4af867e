//! The engine as others reach it: one client in two forms, and the server of the control socket.

mod client;
mod connection;
mod dispatch;
mod server;

pub use client::{Client, Updates};
pub use dispatch::Dispatch;
pub use server::Server;
