//! Whether a port is free is decided by binding it, never by asking somebody.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, ipproto, socket_with, sockopt};

/// Whether a TCP server could listen on this port now: on the wildcards, on 127.0.0.1 and on ::1. All four are
/// bound before any is closed, so that one probe can't hide what another would have found.
#[must_use]
pub fn is_free(port: u16) -> bool {
    let addresses: [SocketAddr; 4] = [
        (Ipv4Addr::UNSPECIFIED, port).into(),
        (Ipv6Addr::UNSPECIFIED, port).into(),
        (Ipv4Addr::LOCALHOST, port).into(),
        (Ipv6Addr::LOCALHOST, port).into(),
    ];
    let probes: Vec<_> = addresses.into_iter().map(probe).collect();
    probes.iter().all(Result::is_ok)
}

/// A bound socket; none where the machine has no such address family.
fn probe(address: SocketAddr) -> Result<Option<rustix::fd::OwnedFd>, Errno> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = match socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, Some(ipproto::TCP)) {
        Err(Errno::AFNOSUPPORT) => return Ok(None),
        other => other?,
    };
    // As servers do: a port in TIME_WAIT is free.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    match bind(&socket, &address) {
        Err(Errno::ADDRNOTAVAIL) => Ok(None),
        Ok(()) => Ok(Some(socket)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listener_on_any_loopback_address_makes_a_port_busy() {
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                assert!(address.starts_with('['), "no IPv4 on this machine?");
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            assert!(!is_free(port), "{address}");
            drop(listener);
            assert!(is_free(port), "{address} after it was closed");
        }
    }
}
