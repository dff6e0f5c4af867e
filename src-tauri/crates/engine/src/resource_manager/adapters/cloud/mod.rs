//! What all resources that a cloud runs have in common.
//!
//! Theory of operation: a vendor is data and pure decisions, a `Vendor`: how to ask how a resource is, which request
//! brings it nearer to where it is wanted, what it offers, what else can be done with it. Everything else is `Cloud`'s,
//! the adapter: a start sends each such request once and waits until the resource runs, however many minutes that
//! takes; a stop leaves what others may use as it is, unless its settings say `on_stop: pause`. A paused resource is no ended
//! one: its run goes on, its state says who has paused it, and *Resume* makes it go on where it was. Nothing is ever
//! sent to keep a resource awake, and nothing that takes something away is sent before its user has said yes to what.

mod account;
mod acting;
mod adapter;
mod age;
mod offers;
mod own;
mod run;
#[cfg(test)]
pub mod tests;
mod vendor;
mod words;

pub use account::{Account, OnStop, SentAs};
pub use adapter::Cloud;
pub use age::{ago, now};
pub use offers::Offers;
pub use own::{is_own, own_name, project_and_branch};
pub use vendor::{About, Deed, First, Vendor};
