//! A stand-in for Vercel's REST API: teams, projects, and deployments that are built, promoted and canceled.

mod create;
mod deployments;
mod errors;
mod projects;
mod routes;
#[cfg(test)]
mod sdk_tests;
mod state;
mod tell;
#[cfg(test)]
mod tests;

pub use state::{Deployment, Git, Plan, Project, Promotion, Team, Vercel};
