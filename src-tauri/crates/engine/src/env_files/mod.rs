//! The block of ports and URLs that KInfra keeps in `.env` files, for programs that it does not start.

mod block;
mod write;

pub use block::{BlockError, without_block};
pub use write::{remove_block, write_block};
