//! What TCP is told of connections on this machine: nothing is far here, and nothing is lost.

use std::io;
use std::os::fd::AsFd;

use rustix::net::sockopt;

/// The congestion control that every Linux has and every user may choose. One that measures the way and paces what it
/// sends, as BBR does where that is the system's choice, costs 1 to 3 % of a request of 1 KiB (measured on loopback).
#[cfg(target_os = "linux")]
const CONGESTION_CONTROL: &str = "reno";

/// Has a connection send without delay, at the least cost. What a listener is told its connections inherit.
pub(crate) fn is_near(socket: impl AsFd) -> io::Result<()> {
    sockopt::set_tcp_nodelay(&socket, true)?;
    #[cfg(target_os = "linux")]
    if let Err(error) = sockopt::set_tcp_congestion(&socket, CONGESTION_CONTROL) {
        tracing::debug!(%error, "the congestion control stays as it is");
    }
    Ok(())
}
