//! The real proxy against real sockets: raw TCP on both sides, so that each test sees the exact bytes.

mod bodies;
mod buttons;
mod client;
mod closing;
mod expectations;
mod forwarding;
mod holding;
mod hostile;
mod http2;
mod http2_service;
mod leaving;
mod limits;
mod misbehaving;
mod noting;
mod pages;
mod places;
mod policies;
mod pooling;
mod public;
mod rebinding;
mod routes;
mod service;
mod setup;
mod smuggling;
mod upgrades;
mod watching;
