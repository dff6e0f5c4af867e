//! The real app on a desktop of its own: an X server, a session bus, and in the test itself what a desktop has
//! around them (the host of tray icons, the notification daemon). First the harness, then the tests.

mod bus;
mod display;
mod guest;
mod http;
mod menu;
mod notifications;
mod panel;
mod private;
mod recorder;
mod stage;
mod tray;
mod watcher;
mod webdriver;
mod window;

mod absence_tests;
mod end_tests;
mod harness_tests;
mod neighbour_tests;
mod outside_tests;
mod picture_tests;
mod stack_tests;
mod trouble_tests;
mod window_end_tests;
mod window_tests;
