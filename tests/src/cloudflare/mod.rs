//! A whole Cloudflare on loopback: its API, its edge, and the side that visitors see.

mod api;
mod call;
mod clock;
mod fault;
mod hook;
pub mod ingress;
mod ingress_service;
#[cfg(test)]
mod ingress_tests;
mod log;
pub mod random;
mod rate;
mod record;
mod reply;
mod server;
mod state;
mod token;
mod tunnel;

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod dns_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tunnel_tests;

pub use call::Call;
pub use clock::{Clock, rfc3339};
pub use fault::{Fault, Met};
pub use ingress_service::Service;
pub use log::{Logged, Requests};
pub use rate::Rate;
pub use record::Record;
pub use reply::Reply;
pub use server::{Cloudflare, Held};
pub use state::{Account, State, Zone};
pub use token::{Permission, Standing, Token};
pub use tunnel::{Connection, Tunnel};
