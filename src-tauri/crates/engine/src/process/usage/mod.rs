//! What whole process trees use: CPU, memory, descriptors.

mod sampler;
mod trees;

pub use sampler::{Sampler, TreeUsage};
