//! What a stack needs beside its services, with the real thing behind each adapter or a stand-in for it.

mod adding;
mod api;
mod cloud;
mod command;
mod docker;
mod docker_adapter;
mod fake_api;
mod given;
mod own_systemd;
mod servers;
mod shared;
mod system;
mod system_daemon;
mod systemd_mock;
