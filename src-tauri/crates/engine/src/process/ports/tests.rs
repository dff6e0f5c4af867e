use std::net::{TcpListener, UdpSocket};

use kinfra_rpc::Protocol;

use super::sockets::{Socket, parse};
use super::*;

#[test]
fn the_holder_of_a_port_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let sockets = Sockets::read();
    let holder = sockets.holder(port, Protocol::Tcp).unwrap().describe();
    assert_eq!(holder.pid, Some(std::process::id()));
    assert_eq!(holder.folder, std::env::current_dir().ok());
    assert!(holder.command.unwrap().contains("kinfra"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let age = now.abs_diff(u128::from(holder.since.unwrap()));
    assert!(age < 3_600_000, "started {age} ms ago?");
    assert_eq!(sockets.holder(port, Protocol::Udp), None);
    assert!(sockets.listening(&[std::process::id()]).contains(&port));
    assert!(sockets.listening(&[1]).is_empty() || std::process::id() == 1);
}

#[test]
fn listeners_on_ipv6_and_udp_hold_their_ports_too() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sockets = Sockets::read();
    let (tcp, udp) = (listener.local_addr().unwrap().port(), datagrams.local_addr().unwrap().port());
    let own = std::process::id();
    assert_eq!(sockets.holder(tcp, Protocol::Tcp).unwrap().process.unwrap().pid, own);
    assert_eq!(sockets.holder(udp, Protocol::Udp).unwrap().process.unwrap().pid, own);
}

#[test]
fn a_port_that_is_only_connected_from_has_no_holder() {
    let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        0: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 77 1\n\
        1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 78 1\n";
    let socket = Socket { protocol: Protocol::Tcp, port: 0x1F91, user: 1000, inode: 78 };
    assert_eq!(parse(table, Protocol::Tcp), [socket]);
    let socket = Socket { protocol: Protocol::Udp, ..socket };
    assert_eq!(parse(table, Protocol::Udp), [socket]);
}
