//! The grammar of `${…}`, the same in every place where a text may refer to something.
//!
//! - `${services.NAME.ATTRIBUTE}`, `${services.NAME.ports.PORT}`, `${resources.NAME.ATTRIBUTE}`, `${secret:NAME}`,
//!   `${project.ATTRIBUTE}` and `${instance.ATTRIBUTE}` are KInfra's own, everywhere.
//! - In settings `${VAR}` is the environment's variable, and any other `${…}` is an error.
//! - In `run` all else belongs to the shell: `$VAR`, `${VAR:-default}`, `$(…)` stay as they are.
//! - `$$` is a dollar sign, everywhere: `$${project.name}` stays `${project.name}`, and a shell's own `$$` (its
//!   pid) is written `$$$$`.

mod expand;
mod parse;
mod reference;

pub use expand::expand;
pub use parse::Mode;
pub(super) use parse::{Segment, segments};
pub use reference::{InstanceAttribute, ProjectAttribute, Reference, ServiceAttribute};

#[cfg(test)]
mod tests;
