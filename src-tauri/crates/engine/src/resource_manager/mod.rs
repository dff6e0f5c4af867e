//! What a stack needs beside its own processes: each type of it is an adapter behind one trait.
//!
//! `service_manager` gives a resource everything that a service has (supervision, restarts with backoff, health, logs,
//! adoption) and asks its adapter for the rest. A new type is a file in `adapters` and a line in its list.

mod adapter;
mod adapters;
mod alone;
mod given;
mod outside;
mod remote;
mod stacks;
mod types;

pub use adapter::{
    Act, Adapter, Asking, By, Capabilities, End, LogChunk, Observed, Part, Probed, Progress, Restarts,
    Settled, Started, Step, Stop, Stream,
};
pub use adapters::docker;
pub use alone::adapter_alone;
pub use given::{Commands, Given, GivenPort, Place, Ran};
pub use outside::Outside;
pub use stacks::{SharedNode, Stacks};
pub use types::{LeftAt, ResourceType, type_named, types};
pub(crate) use types::{PortDeclared, Settings, TextDeclared, ports_declared};
