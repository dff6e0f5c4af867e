//! Whether a port is free is decided by binding it, never by asking somebody.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use kinfra_rpc::Protocol;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, ipproto, socket_with, sockopt};

/// What binding a port says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    Free,
    /// Somebody has it. Also said when the system refuses for another reason, such as too many open files: a port
    /// that could not be tried is not given away.
    Busy,
    /// This user may not bind it: below 1024 mostly (`net.ipv4.ip_unprivileged_port_start`). Whether somebody is on
    /// it can't be told by binding; and a service may have the right that the engine lacks (`setcap`).
    Forbidden,
}

/// Whether a server could listen on this port now; what is forbidden is not free. Costs what [`availability`] does.
#[must_use]
pub fn is_free(port: u16, protocol: Protocol) -> bool {
    availability(port, protocol) == Availability::Free
}

/// Binds the port for a moment, on IPv4 and IPv6. It never waits, and may be called on an async thread.
#[must_use]
pub fn availability(port: u16, protocol: Protocol) -> Availability {
    match try_binding(port, protocol) {
        Ok(()) => Availability::Free,
        Err(error) => refused(error),
    }
}

/// One probe finds everybody on Linux: a wildcard conflicts with a server on any address, one of the local network too,
/// and the wildcard that takes both families with the servers of both.
#[cfg(target_os = "linux")]
fn try_binding(port: u16, protocol: Protocol) -> Result<(), Errno> {
    if probe((Ipv6Addr::UNSPECIFIED, port).into(), protocol, false)?.is_none() {
        // The machine has no IPv6.
        probe((Ipv4Addr::UNSPECIFIED, port).into(), protocol, true)?;
    }
    Ok(())
}

/// Other systems let a wildcard be bound beside a server on loopback. All that could be bound is held until the answer
/// is known, so that one probe can't hide what another would have found; the first that fails is the answer.
#[cfg(not(target_os = "linux"))]
fn try_binding(port: u16, protocol: Protocol) -> Result<(), Errno> {
    use std::net::IpAddr;

    let wildcards = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()];
    let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    // Without SO_REUSEADDR the wildcards leave no other address of their family to anybody, nor to a probe.
    let others = if protocol == Protocol::Tcp { &loopback[..] } else { &[] };
    let probes = wildcards.iter().chain(others).map(|address| probe((*address, port).into(), protocol, true));
    probes.collect::<Result<Vec<_>, _>>().map(drop)
}

const fn refused(error: Errno) -> Availability {
    match error {
        // EPERM: what some sandboxes answer.
        Errno::ACCESS | Errno::PERM => Availability::Forbidden,
        _ => Availability::Busy,
    }
}

/// A bound socket; none where the machine has no such address family, or has it without an address. `is_alone`: for this
/// family alone.
fn probe(address: SocketAddr, protocol: Protocol, is_alone: bool) -> Result<Option<OwnedFd>, Errno> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let (kind, number) = match protocol {
        Protocol::Tcp => (SocketType::STREAM, ipproto::TCP),
        Protocol::Udp => (SocketType::DGRAM, ipproto::UDP),
    };
    let socket = match socket_with(family, kind, SocketFlags::CLOEXEC, Some(number)) {
        Err(Errno::AFNOSUPPORT) => return Ok(None),
        other => other?,
    };
    if protocol == Protocol::Tcp {
        // As servers do: a port in TIME_WAIT is free. For UDP it would mean to share the port with a stranger.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, is_alone)?;
    }
    match bind(&socket, &address) {
        Err(Errno::ADDRNOTAVAIL) => Ok(None),
        Ok(()) => Ok(Some(socket)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
