//! Whether a port is free is decided by binding it, never by asking somebody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use kinfra_rpc::Protocol;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, ipproto, socket_with, sockopt};

/// Whether a server could listen on this port now: on the wildcards, on 127.0.0.1 and on ::1. All that could be bound
/// is held until the last one is decided, so that no probe hides what another would have found; the first that fails
/// decides. The wildcard also finds a stranger on any other address of this machine; for UDP it finds them all, and
/// would stand in the way of the other two. A port that needs privileges is not free for whoever has none.
#[must_use]
pub fn is_free(port: u16, protocol: Protocol) -> bool {
    let wildcards = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()];
    let loopback = match protocol {
        Protocol::Tcp => &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)][..],
        Protocol::Udp => &[],
    };
    let mut held = vec![];
    for address in wildcards.iter().chain(loopback) {
        match probe((*address, port).into(), protocol) {
            Ok(socket) => held.push(socket),
            Err(_) => return false,
        }
    }
    true
}

/// A bound socket; none where the machine has no such address family.
fn probe(address: SocketAddr, protocol: Protocol) -> Result<Option<OwnedFd>, Errno> {
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
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    /// A port that neither the kernel nor another test gives away meanwhile: they take ephemeral ones.
    fn quiet_port() -> u16 {
        let first = 15_000 + u16::try_from(std::process::id() % 4_000).unwrap();
        (first..20_000).find(|port| is_free(*port, Protocol::Tcp) && is_free(*port, Protocol::Udp)).unwrap()
    }

    #[test]
    fn a_stranger_on_any_address_makes_a_port_busy_for_its_protocol_alone() {
        let port = quiet_port();
        // IPv4 only, IPv6 only and the wildcards, that of IPv6 for both families at once as most servers have it.
        let addresses: [IpAddr; 4] = [
            Ipv4Addr::LOCALHOST.into(),
            Ipv6Addr::LOCALHOST.into(),
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv6Addr::UNSPECIFIED.into(),
        ];
        for address in addresses {
            let Ok(listener) = TcpListener::bind((address, port)) else {
                assert!(address.is_ipv6(), "no IPv4 on this machine?");
                continue;
            };
            assert!(!is_free(port, Protocol::Tcp), "{address}");
            assert!(is_free(port, Protocol::Udp), "{address}");
            drop(listener);
            assert!(is_free(port, Protocol::Tcp), "{address} after it was closed");

            let datagrams = UdpSocket::bind((address, port)).unwrap();
            assert!(!is_free(port, Protocol::Udp), "{address}");
            assert!(is_free(port, Protocol::Tcp), "{address}");
            drop(datagrams);
            assert!(is_free(port, Protocol::Udp), "{address} after it was closed");
        }
    }

    #[test]
    fn connections_that_linger_make_no_port_busy() {
        let listener = TcpListener::bind(("127.0.0.1", quiet_port() + 1)).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        // The side that closes first is left in TIME_WAIT: the server's.
        drop(listener.accept().unwrap());
        drop(client);
        drop(listener);
        assert!(is_free(address.port(), Protocol::Tcp));
    }
}
