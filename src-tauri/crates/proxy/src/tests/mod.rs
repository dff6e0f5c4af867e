//! The real proxy against real sockets: raw TCP on both sides, so that each test sees the exact bytes.

mod bodies;
mod client;
mod forwarding;
mod hostile;
mod http2;
mod pages;
mod pooling;
mod routes;
mod service;
mod setup;
mod upgrades;
mod watching;
