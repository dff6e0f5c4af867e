//! What a stack needs beside its own processes: each type of it is an adapter behind one trait.
//!
//! `service_manager` gives a resource everything that a service has (supervision, restarts with backoff, health, logs,
//! adoption) and asks its adapter for the rest. A new type is a file in `adapters` and a line in its list.

mod adapter;
mod adapters;
mod given;
mod outside;
mod types;

pub use adapter::{
    Adapter, Asking, Capabilities, End, LogChunk, Observed, Part, Probed, Progress, Restarts, Settled,
    Started, Step, Stop, Stream,
};
pub use adapters::docker;
pub use given::{Commands, Given, GivenPort, Place, Ran};
pub use outside::Outside;
pub use types::{LeftAt, ResourceType, type_named, types};
pub(crate) use types::{PortDeclared, Settings, TextDeclared};
