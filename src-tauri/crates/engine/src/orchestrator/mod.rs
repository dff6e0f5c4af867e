//! Start and stop of a whole stack, in the order of its graph.

mod changes;
mod graph;
mod node;
mod plan;
mod show;
mod stack;

pub use changes::Changes;
pub use graph::Graph;
pub use node::Node;
pub use stack::{Command, Stack, StackContext};
