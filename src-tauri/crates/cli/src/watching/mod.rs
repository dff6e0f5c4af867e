//! Following the engine's state until something has come true.

mod display;
mod follow;
mod goal;
mod patience;
mod touched;

pub use display::Display;
pub use follow::Follow;
pub use goal::{Goal, Verdict, with_dependencies};
pub use patience::Patience;
pub use touched::Touched;
