//! The real app on a desktop of its own: an X server, a session bus, and in the test itself what a desktop has
//! around them (the host of tray icons, the notification daemon). What works there and how was measured; the
//! harness first, then the tests.

mod bus;
mod desktop;
mod display;
mod guest;
mod menu;
mod notifications;
mod recorder;
mod tray;
mod watcher;

mod harness_tests;
