//! Start and stop of a whole stack, in the order of its graph.

mod graph;
mod node;
mod plan;
mod show;
mod stack;

pub use graph::{Graph, GraphNode};
pub use node::Node;
pub use stack::{Command, Stack, StackContext};
