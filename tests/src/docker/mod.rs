//! Docker engines of tests' and benchmarks' own, with images that are packed on the spot.
//!
//! Theory of operation: each test has an engine to itself, so that it may stop it, and nothing that it makes is in
//! another test's way. What engines share is the machine's network: each has addresses of its own, chosen by the
//! test's range of ports, and none has a network unless it is asked for. An image is packed once
//! (`tests/fixtures/images/build`), lies below `target/images`, and is loaded by the engine that needs it.

mod containers;
mod engine;
mod images;

pub use engine::Docker;
