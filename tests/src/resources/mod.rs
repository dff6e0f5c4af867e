//! What a stack needs beside its services.

mod adding;
mod command;
mod servers;
mod system;
