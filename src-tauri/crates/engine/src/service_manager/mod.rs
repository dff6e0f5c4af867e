//! Services as nodes: how one is launched, probed, signalled and shown.

mod cascade;
mod command_probe;
mod elsewhere;
mod environment;
mod foreign;
mod given;
mod holders;
mod instance;
mod launch;
mod log_probe;
mod node;
mod obstacles;
mod obtain;
mod ownership;
mod probes;
mod program;
mod references;
mod reload;
mod running;
mod runs;
mod secrets;
mod service;
mod settings;
mod surroundings;
mod timeline;

pub use environment::inherited;
pub use given::ports_of;
pub use holders::{Held, Holders, Naming};
pub use instance::{DomainOwner, Instance, InstanceFacts, Shared};
pub use launch::{Given, environment};
pub use node::{AdoptedRun, Former, ServiceNode};
pub use runs::Runs;
pub use service::ServiceContext;
pub use surroundings::Surroundings;
pub use timeline::Timeline;
