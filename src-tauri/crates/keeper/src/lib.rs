//! `kinfra-keeper`: the small process that holds every child that KInfra runs.
//!
//! The library half is what the engine needs to talk to it: the protocol and the layout of log files.

pub mod protocol;
pub mod segments;
