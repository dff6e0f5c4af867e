//! The tray as a pure function of the state: which lines the menu has, which icon stands for all projects, and the
//! smallest steps from one menu to the next. Nothing here draws; a [`TrayHost`] does.

mod compose;
mod diff;
mod icon;
mod menu;
mod presenter;
mod project;
mod service;
mod sharing;
mod words;

pub use compose::{Engine, menu};
pub use diff::{Step, apply, diff};
pub use icon::{Icon, icon};
pub use menu::{Action, Item, Kind, Menu};
pub use presenter::{Change, Presenter, TrayHost};

#[cfg(test)]
mod tests;
