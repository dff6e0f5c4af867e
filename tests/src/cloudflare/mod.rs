//! A whole Cloudflare on loopback: its API, the service of quick tunnels, its edge, and the side that visitors see. The
//! program `fake-cloudflared` connects to it as cloudflared does to the real one.
//!
//! [`Cloudflare::start`] gives one; [`Cloudflare::state`] is all that it knows, to be looked at and changed as others
//! could have; a [`Fault`] lets a call go wrong, and `breaking.rs` the edge. What nobody could measure of the real one,
//! a few statuses above all, is called a guess where it is decided. Not played are the buffering of events by quick
//! tunnels, which is hearsay, and the rewriting of bodies.

mod api;
mod breaking;
mod call;
mod clock;
mod edge;
mod fault;
mod hook;
pub mod ingress;
mod ingress_service;
#[cfg(test)]
mod ingress_tests;
mod log;
pub mod pipe;
mod quick;
pub mod random;
mod rate;
mod record;
mod reply;
mod server;
mod shared;
mod state;
mod token;
mod tunnel;
mod valve;
mod visit;
mod visitors;
pub mod wire;

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod carry_tests;
#[cfg(test)]
mod cloudflared;
#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod dns_tests;
#[cfg(test)]
mod end_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod loss_tests;
#[cfg(test)]
mod origin;
#[cfg(test)]
mod program_tests;
#[cfg(test)]
mod quick_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tunnel_tests;
#[cfg(test)]
mod visitor_tests;

pub use call::Call;
pub(crate) use call::decoded;
pub(crate) use clock::date;
pub use clock::{Clock, rfc3339};
pub use fault::{Fault, Met};
pub use ingress_service::Service;
pub use log::{Logged, Requests};
pub use quick::QuickTunnel;
pub use rate::Rate;
pub use record::Record;
pub use reply::Reply;
pub use server::{Cloudflare, Held};
pub use shared::{Shared, settings};
pub use state::{Account, State, Zone};
pub use token::{Permission, Standing, Token};
pub use tunnel::{Connection, Tunnel};
pub use visit::Visitor;
