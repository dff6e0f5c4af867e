//! What a stack needs beside its services, with the real thing behind each adapter.

mod command;
mod docker_adapter;
mod shared;
