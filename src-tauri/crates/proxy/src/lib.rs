//! The data plane: an immutable route table in, pages asked for when a service can't answer.
//!
//! It knows no store, no supervisor and no Tauri: what a route leads to is in the table, and what a page says is
//! the business of whoever implements [`Pages`].

mod pages;
mod table;

pub use pages::{Page, PageRequest, Pages, Trouble, Wants};
pub use table::{Route, RouteTable, Target};
