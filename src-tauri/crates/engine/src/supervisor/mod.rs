//! One task per supervised thing: a pure state machine, and the thin task that carries its effects out.

mod alive;
mod machine;
mod message;
mod settings;
mod task;
mod unit;
mod view;

#[cfg(test)]
mod machine_tests;

pub use machine::Machine;
pub use message::{Adopted, Effect, Input};
pub use settings::Settings;
pub use task::Supervisor;
pub use unit::{Launched, ProbeResult, Unit};
pub use view::View;
