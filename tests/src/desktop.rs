//! The real app on a desktop of its own: an X server, a session bus, and in the test itself what a desktop has
//! around them (the host of tray icons, the notification daemon). First the harness, then the tests.

pub(crate) mod bus;
pub mod display;
pub(crate) mod guest;
mod http;
pub mod menu;
pub mod notifications;
mod panel;
pub mod private;
mod recorder;
pub mod stage;
pub mod tray;
mod watcher;
mod webdriver;
pub mod window;

#[cfg(test)]
mod absence_tests;
#[cfg(test)]
mod cloud_tests;
#[cfg(test)]
mod end_tests;
#[cfg(test)]
mod harness_tests;
#[cfg(test)]
mod neighbour_tests;
#[cfg(test)]
mod outside_tests;
#[cfg(test)]
mod picture_tests;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod sharing_tests;
#[cfg(test)]
mod stack_tests;
#[cfg(test)]
mod start_tests;
#[cfg(test)]
mod trouble_tests;
#[cfg(test)]
mod window_end_tests;
#[cfg(test)]
mod window_tests;
