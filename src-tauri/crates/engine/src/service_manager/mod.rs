//! Services as nodes: how one is launched, probed, signalled and shown.

mod elsewhere;
mod environment;
mod foreign;
mod given;
mod holders;
mod instance;
mod launch;
mod node;
mod obstacles;
mod obtain;
mod probes;
mod program;
mod references;
mod runs;
mod service;
mod settings;

pub use environment::inherited;
pub use given::ports_of;
pub use holders::{Held, Holders, Naming};
pub use instance::{Instance, InstanceFacts};
pub use node::{AdoptedRun, ServiceNode};
pub use runs::Runs;
pub use service::ServiceContext;
