//! Services as nodes: how one is launched, probed, signalled and shown.

mod environment;
mod instance;
mod launch;
mod node;
mod obstacles;
mod probes;
mod program;
mod references;
mod runs;
mod service;
mod settings;

pub use environment::inherited;
pub use instance::{Instance, InstanceFacts};
pub use node::{AdoptedRun, ServiceNode};
pub use runs::Runs;
pub use service::ServiceContext;
