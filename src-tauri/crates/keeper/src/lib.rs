//! `kinfra-keeper`: the small process that holds every child that KInfra runs.
//!
//! The engine uses what it needs to talk to it (`protocol`, `wire`), to read what it writes (`segments`), to write logs
//! and look at processes in the same way (`LogWriter`, `platform`, `belonging`); `server` is the keeper itself.

pub mod belonging;
pub mod platform;
pub mod protocol;
pub mod segments;
pub mod server;
pub mod wire;
