//! A stand-in for Render's REST API: workspaces, services that are suspended and resumed, and their deploys.

#[cfg(test)]
mod client_tests;
mod deploys;
mod filter;
mod routes;
mod services;
mod state;
mod tell;
#[cfg(test)]
mod tests;

pub use state::{Deploy, Plan, Render, Service, Workspace};
