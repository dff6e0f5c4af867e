//! What is worth telling, when, once per episode. Showing it is the shell's business.

mod judge;
mod watch;

pub use watch::watch;
