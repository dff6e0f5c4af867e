//! Who would answer on one port of loopback: asked of the kernel by `sock_diag(7)`, which looks it up in its hash
//! tables as it does for a connection. That takes some microseconds, where reading `/proc/net/tcp` takes milliseconds.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kinfra_rpc::Protocol;
use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, TCP_LISTEN};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};

use super::owners::{can_be_read, has_socket};
use super::table;

/// An answer about one socket has about 150 bytes.
const LONGEST_ANSWER: usize = 4096;

thread_local! {
    /// Kept, as making one takes longer than asking.
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
}

/// To the kernel.
struct Line {
    socket: Socket,
    /// The number of the last question.
    asked: u32,
}

/// The inode of the TCP socket that answers who connects to this port of 127.0.0.1, or else of ::1. Does not block,
/// except where the kernel has no `sock_diag`: there it takes the milliseconds of reading `/proc/net/tcp`.
#[must_use]
pub fn listener_on(port: u16) -> Option<u64> {
    let asked = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    for address in asked {
        match ask(address, port) {
            Ok(Some(inode)) => return Some(inode),
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "the kernel can't be asked for one socket");
                return from_table(port);
            }
        }
    }
    None
}

/// Whether any of these processes has the socket with this inode. One that can't be looked at may have it.
#[must_use]
pub fn holds(pids: &[u32], inode: u64) -> bool {
    pids.iter().any(|pid| has_socket(*pid, inode) || !can_be_read(*pid))
}

fn from_table(port: u16) -> Option<u64> {
    let sockets = table::read(Protocol::Tcp);
    let found = sockets.iter().find(|socket| socket.port == port && socket.is_on_loopback());
    found.map(|socket| socket.inode)
}

/// For a lookup of one socket the kernel takes `source` as the side that is here.
fn ask(address: IpAddr, port: u16) -> io::Result<Option<u64>> {
    let (family, anywhere) = match address {
        IpAddr::V4(_) => (AF_INET, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        IpAddr::V6(_) => (AF_INET6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
    };
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::LISTEN,
        socket_id: SocketId {
            source_port: port,
            destination_port: 0,
            source_address: address,
            destination_address: anywhere,
            interface_id: 0,
            // Any socket, not one that was seen before.
            cookie: [0xff; 8],
        },
    };
    let answer = LINE.with_borrow_mut(|kept| {
        let mut line = match kept.take() {
            Some(line) => line,
            None => Line { socket: Socket::new(NETLINK_SOCK_DIAG)?, asked: 0 },
        };
        let answer = line.ask(request)?;
        // After an error it is not: nobody knows what is still to come over it.
        *kept = Some(line);
        Ok::<_, io::Error>(answer)
    })?;
    match answer.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
            let listens = found.header.state == TCP_LISTEN;
            Ok(listens.then(|| u64::from(found.header.inode)))
        }
        NetlinkPayload::Error(error) if error.raw_code() == -rustix::io::Errno::NOENT.raw_os_error() => {
            Ok(None)
        }
        NetlinkPayload::Error(error) => Err(error.to_io()),
        other => Err(io::Error::new(io::ErrorKind::InvalidData, format!("{other:?}"))),
    }
}

impl Line {
    fn ask(&mut self, request: InetRequest) -> io::Result<NetlinkMessage<SockDiagMessage>> {
        self.asked = self.asked.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        (header.flags, header.sequence_number) = (NLM_F_REQUEST, self.asked);
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;
        let mut answer = Vec::with_capacity(LONGEST_ANSWER);
        self.socket.recv(&mut answer, 0)?;
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let answer = NetlinkMessage::deserialize(&answer).map_err(|error| invalid(error.to_string()))?;
        match answer.header.sequence_number == self.asked {
            true => Ok(answer),
            false => Err(invalid("that answers another question".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_socket_that_answers_on_a_port_is_found_on_both_families() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().unwrap().port();
            let inode = listener_on(port).unwrap_or_else(|| panic!("nobody was found on {address}"));
            assert_eq!(Some(inode), from_table(port), "{address}");
            assert!(holds(&[std::process::id()], inode), "{address}");
        }
    }

    #[test]
    fn a_process_has_a_socket_at_whatever_descriptor_it_is() {
        let listeners: Vec<TcpListener> =
            (0..20).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let inode = |listener: &TcpListener| listener_on(listener.local_addr().unwrap().port()).unwrap();
        assert!(listeners.iter().all(|listener| holds(&[std::process::id()], inode(listener))));
        let own = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut other =
            Command::new("sleep").arg("60").stdin(OwnedFd::from(own.try_clone().unwrap())).spawn().unwrap();
        let [has, has_not] = [&own, &listeners[0]].map(|listener| holds(&[other.id()], inode(listener)));
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!((has, has_not), (true, false));
    }

    #[test]
    fn a_port_without_a_listener_has_nobody() {
        let listener = TcpListener::bind("127.0.0.2:0").unwrap();
        assert_eq!(listener_on(listener.local_addr().unwrap().port()), None, "that is another address");
    }

    #[test]
    fn a_connection_is_no_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert_eq!(listener_on(stream.local_addr().unwrap().port()), None);
    }
}
