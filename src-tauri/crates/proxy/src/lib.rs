//! The data plane: a table of routes in, pages asked for when a service can't answer.
//!
//! It knows no store, no supervisor and no Tauri: what a route leads to is in the table, and what a page says is
//! the business of whoever implements [`Pages`].
//!
//! The life of a request: `worker` accepts the connection and `serving` has hyper speak with it in the protocol that it
//! is greeted in (`greeting`), `admission` lets it begin, `host` says which route is meant and `screen` refuses what has
//! two meanings, `exchange` decides who answers, `forward` makes of it what the service gets, with the headers that
//! `headers` allows, and `asked` and `upstream` ask over a connection (`http1`) of the `pool` or a fresh one (`dial`).
//! `answering` is what hyper waits for meanwhile, and `standin` answers where the service can't. `conversation` knows what
//! a client is still owed, `patience` how long a service is waited for, and `request_body` and `expectation` when and for
//! whom a client's body is read.

mod admission;
mod answering;
mod asked;
mod body;
mod brief;
mod conversation;
mod dial;
mod error;
mod exchange;
mod expectation;
mod forward;
mod forwarded;
mod greeting;
mod headers;
mod held;
mod host;
mod http1;
mod journal;
mod limits;
mod listeners;
mod names;
mod own;
mod pages;
mod passage;
mod patience;
mod pool;
mod proxy;
mod relay;
mod request_body;
mod rewrite;
mod route;
mod screen;
mod serving;
mod spare;
mod standin;
mod table;
mod tcp;
#[cfg(test)]
mod tests;
mod traffic;
mod upstream;
mod visitor;
mod watch;
mod worker;

pub use error::ProxyError;
pub use journal::{Journal, Record};
pub use limits::Limits;
pub use listeners::Listeners;
pub use own::{EVENTS_PATH, Here, LOGS_PATH, RESTART_PATH, START_PATH};
pub use pages::{Action, Page, PageRequest, Pages, Trouble, Wants};
pub use proxy::Proxy;
pub use route::{Forwarding, HostPolicy, Protocol, Route, Target};
pub use table::{Hosts, Mount, RouteTable};
pub use traffic::{Figures, Latency, Traffic};
pub use visitor::Audience;
