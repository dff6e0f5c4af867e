//! One task per supervised thing: a pure state machine, and the thin task that carries its effects out.

mod alive;
mod check;
mod machine;
mod message;
mod settings;
mod task;
mod unit;
mod view;

#[cfg(test)]
mod tests;

pub use check::{ProbeResult, Refusal, Role};
pub use machine::Machine;
pub use message::{Adopted, Counts, Effect, Input, Note, Resumed, Then};
pub use settings::{CheckSettings, Settings};
pub use task::Supervisor;
pub use unit::{Ended, Launched, Unit};
pub use view::View;
