//! Single settings: how each is written, and what is right for it.

mod dependencies;
mod domain;
mod http;
mod keep;
mod kind;
mod mcp;
mod pattern;
mod port_range;
mod ports;
mod proxy;
mod public;
mod replicas;
mod restart;
mod route;
mod secret_source;
mod signal;
mod watch;

pub(super) use dependencies::Dependencies;
pub(super) use domain::Domain;
pub(super) use http::Http;
pub(super) use keep::Keep;
pub(super) use mcp::Mcp;
pub(super) use port_range::PortOrRange;
pub(super) use ports::NamedPorts;
pub(super) use proxy::Hold;
pub(super) use public::{Public, PublicAt};
pub(super) use replicas::Replicas;
pub(super) use restart::Restart;
pub(super) use route::{Route, RoutePath};
pub(super) use secret_source::Source;
pub(super) use signal::Signal;
pub(super) use watch::{OnChangeSetting, Watch};

#[cfg(test)]
mod tests;
