//! Presets of resources under a name: `template: postgres` stands for an image, a volume, a probe and all else.
//!
//! Theory of operation: a template is a file whose values are laid under those that the user writes, before anything is
//! decoded. So a template can say nothing that a user could not write, and what comes of it is checked as if they had.
//! Those that KInfra brings along are files as well, of the same form as anybody's own.

mod builtin;
mod catalog;
mod choose;
mod expand;
mod file;
mod secret_name;
mod substitute;

pub use builtin::builtin;
pub use catalog::{Catalog, Template, Variant, catalog};
pub use choose::{Engine, NewResource, Wanted, choose};
pub(crate) use expand::{Surroundings, expand, written_out};
pub use file::Parameter;

#[cfg(test)]
mod tests;
