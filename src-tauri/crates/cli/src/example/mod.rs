//! The example project: a store, an API that uses it, and a page that calls the API. All three are this
//! program, so that the example needs nothing else.

mod api;
mod http;
mod serve;
mod store;
#[cfg(test)]
mod tests;
mod web;
mod write;

pub use serve::{Role, serve};
pub use write::write;
