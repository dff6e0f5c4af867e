//! As much of GraphQL as a client of Railway needs: one operation with variables, checked against the types before
//! anything is done, and answered with what it selects. There are no fragments, directives or unions.

mod check;
mod document;
mod pick;
mod tokens;
mod types;
mod values;

pub use check::check;
pub use document::{Document, Kind};
pub use pick::pick;
pub use types::Types;
pub use values::{arguments, variables};
