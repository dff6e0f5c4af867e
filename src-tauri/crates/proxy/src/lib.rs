//! The data plane: a table of routes in, pages asked for when a service can't answer.
//!
//! It knows no store, no supervisor and no Tauri: what a route leads to is in the table, and what a page says is
//! the business of whoever implements [`Pages`].
//!
//! The life of a request: `worker` accepts the connection, `host` says which route is meant and `screen` refuses
//! what has two meanings, `exchange` forwards it over a connection of the `pool` (or a fresh one, `dial`) with the
//! headers that `headers` allows, and `standin` answers where the service can't.

mod body;
mod dial;
mod error;
mod exchange;
mod headers;
mod host;
mod limits;
mod pages;
mod pool;
mod proxy;
mod relay;
mod screen;
mod standin;
mod table;
#[cfg(test)]
mod tests;
mod upstream;
mod watch;
mod worker;

pub use error::ProxyError;
pub use limits::Limits;
pub use pages::{Page, PageRequest, Pages, Trouble, Wants};
pub use proxy::Proxy;
pub use table::{Route, RouteTable, Target};
pub use watch::EVENTS_PATH;
