//! Hearing of files that change, without looking again and again.

mod ignored;
mod scope;
mod watcher;

pub use scope::Scope;
pub use watcher::{Subscription, WatchError, Watcher};

#[cfg(test)]
mod tests;
