//! What is worth telling, when, once per episode. Showing it is the shell's business.

mod episodes;
mod judge;
mod tunnels;
mod watch;

pub use watch::watch;
