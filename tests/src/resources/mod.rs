//! What a stack needs beside its services.

mod command;
mod docker;
