//! Whether something that costs is used, and when it is to be paused for not being.

mod idle;

pub use idle::{Due, Idle};
