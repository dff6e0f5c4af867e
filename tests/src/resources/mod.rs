//! What a stack needs beside its services, with the real thing behind each adapter.

mod adding;
mod command;
mod docker_adapter;
mod servers;
mod shared;
mod system;
