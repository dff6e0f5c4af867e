//! Being the engine's host, where no desktop app is.

mod background;
mod engine;
mod headless;
mod programs;
mod project;
mod signals;

pub use background::start_in_background;
pub use headless::host;
pub use programs::host_program;
pub use project::host_project;
pub use signals::Signals;
