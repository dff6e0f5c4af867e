//! A stand-in for Railway's GraphQL API: projects with environments, services in them, and their deployments.

mod control;
mod errors;
mod graphql;
mod mutations;
mod queries;
mod schema;
#[cfg(test)]
mod schema_tests;
mod serve;
mod state;
mod tell;
#[cfg(test)]
mod tests;

pub use schema::SCHEMA;
pub use state::{Deployment, Environment, Plan, Project, Railway, Service, Workspace};
