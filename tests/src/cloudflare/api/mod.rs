//! The REST API, version 4, as far as programs that manage tunnels and DNS records use it. What could not be known is
//! said where it is decided; `management` and the time filters of the list of tunnels are left out.

mod access;
mod accounts;
mod configurations;
mod connections;
mod dns_batch;
mod dns_records;
mod pages;
mod routes;
mod serve;
mod tunnels;
mod zones;

pub(super) use routes::answer;
pub(super) use serve::{Service, serve};
