//! What the proxy is told: the route table, and the pages that stand in for a service.

mod pages;
mod routes;
mod server;

pub use pages::Press;
pub use routes::{parts, route_id};
pub use server::{DEFAULT_PORT, ProxyContext, ProxyServer, stored_port};
