//! Adapters of resources, each alone and on the real thing or a stand-in for it.

mod api;
mod fake_api;
mod given;
mod own_systemd;
mod system_daemon;
mod systemd_mock;
