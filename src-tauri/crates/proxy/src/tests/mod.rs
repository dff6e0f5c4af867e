//! The real proxy against real sockets: raw TCP on both sides, so that each test sees the exact bytes.

mod bodies;
mod buttons;
mod client;
mod forwarding;
mod holding;
mod hostile;
mod http2;
mod misbehaving;
mod noting;
mod pages;
mod places;
mod pooling;
mod public;
mod routes;
mod service;
mod setup;
mod smuggling;
mod upgrades;
mod watching;
