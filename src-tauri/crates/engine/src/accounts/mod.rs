//! The Cloudflare accounts that are known here: their tokens, what those may do, and which zones are theirs.

mod handle;
mod reached;

pub use handle::{Access, Accounts, secret_name};
pub use reached::Reached;
