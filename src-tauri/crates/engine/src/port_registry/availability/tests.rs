//! With strangers that really are there.

use std::fmt::Display;
use std::io::Read;
use std::net::{IpAddr, SocketAddrV6, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

/// A port that no other test gets, nor the kernel gives away meanwhile: it takes those above 32767.
fn quiet_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let of_this_run = 15_000 + u16::try_from(std::process::id() % 160).unwrap() * 100;
    (0..100)
        .map(|_| of_this_run + TRIED.fetch_add(1, Ordering::Relaxed))
        .find(|port| is_free(*port, Protocol::Tcp) && is_free(*port, Protocol::Udp))
        .expect("100 ports and none is free")
}

/// Another test may be starting a program at this moment: until that has begun it has all descriptors of this one, the
/// closed ones and those of the probes too.
fn eventually<T>(what: impl Display, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not seen within {PATIENCE:?}: {what}");
        std::thread::yield_now();
    }
}

fn expect_free(port: u16, protocol: Protocol, when: impl Display) {
    eventually(format_args!("{protocol} free {when}"), || is_free(port, protocol).then_some(()));
}

fn listener(address: impl Into<IpAddr>, port: u16) -> TcpListener {
    let address = address.into();
    eventually(format_args!("{address} bound"), || TcpListener::bind((address, port)).ok())
}

fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

fn addresses() -> Vec<IpAddr> {
    let mut all = vec![
        Ipv4Addr::LOCALHOST.into(),
        Ipv4Addr::UNSPECIFIED.into(),
        // An address of this machine that isn't probed itself.
        Ipv4Addr::new(127, 0, 0, 2).into(),
    ];
    if has_ipv6() {
        all.push(Ipv6Addr::LOCALHOST.into());
        // Dual-stack, as std and most servers bind it.
        all.push(Ipv6Addr::UNSPECIFIED.into());
    }
    all
}

#[test]
fn a_tcp_stranger_on_any_address_makes_the_port_busy_for_tcp_alone() {
    for address in addresses() {
        let port = quiet_port();
        let stranger = listener(address, port);
        assert_eq!(availability(port, Protocol::Tcp), Availability::Busy, "{address}");
        expect_free(port, Protocol::Udp, address);
        drop(stranger);
        expect_free(port, Protocol::Tcp, format_args!("when {address} is closed"));
    }
}

#[test]
fn a_udp_stranger_on_any_address_makes_the_port_busy_for_udp_alone() {
    for address in addresses() {
        let port = quiet_port();
        let stranger = eventually(address, || UdpSocket::bind((address, port)).ok());
        assert_eq!(availability(port, Protocol::Udp), Availability::Busy, "{address}");
        expect_free(port, Protocol::Tcp, address);
        drop(stranger);
        expect_free(port, Protocol::Udp, format_args!("when {address} is closed"));
    }
}

#[test]
fn a_stranger_that_would_share_its_udp_port_makes_it_busy_too() {
    let port = quiet_port();
    let stranger = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None).unwrap();
    sockopt::set_socket_reuseaddr(&stranger, true).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    eventually(address, || bind(&stranger, &address).ok());
    assert_eq!(availability(port, Protocol::Udp), Availability::Busy);
}

#[test]
fn a_stranger_on_ipv6_alone_leaves_ipv4_and_is_found() {
    if !has_ipv6() {
        return;
    }
    let port = quiet_port();
    let stranger = socket_with(AddressFamily::INET6, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    sockopt::set_ipv6_v6only(&stranger, true).unwrap();
    let address = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
    eventually(address, || bind(&stranger, &address).ok());
    rustix::net::listen(&stranger, 1).unwrap();
    drop(listener(Ipv4Addr::UNSPECIFIED, port));
    assert_eq!(availability(port, Protocol::Tcp), Availability::Busy);
}

#[test]
fn connections_in_time_wait_make_no_port_busy() {
    let port = quiet_port();
    let listener = listener(Ipv4Addr::LOCALHOST, port);
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    // Whoever closes first is left in TIME_WAIT.
    drop(listener.accept().unwrap());
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    drop((client, listener));
    let lingers = || {
        let own = format!("0100007F:{port:04X}");
        std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(|line| {
            let columns: Vec<&str> = line.split_ascii_whitespace().collect();
            columns[1] == own && columns[3] == "06"
        })
    };
    eventually("a connection in TIME_WAIT", || lingers().then_some(()));
    expect_free(port, Protocol::Tcp, "while a connection lingers");
    assert!(lingers(), "it was seen free only after the connection was gone");
}

#[test]
fn a_probe_leaves_nothing_behind() {
    let port = quiet_port();
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        expect_free(port, protocol, "at first");
        expect_free(port, protocol, "again");
    }
    drop(listener(Ipv4Addr::UNSPECIFIED, port));
}

#[test]
fn a_port_that_needs_rights_is_forbidden_and_not_busy() {
    assert_eq!(refused(Errno::ACCESS), Availability::Forbidden);
    assert_eq!(refused(Errno::ADDRINUSE), Availability::Busy);
    assert_eq!(refused(Errno::MFILE), Availability::Busy);
    // The superuser may bind all of them, and a container's user often too.
    let start = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if start.trim() != "0" && !rustix::process::geteuid().is_root() {
        assert_eq!(availability(1, Protocol::Tcp), Availability::Forbidden);
        assert!(!is_free(1, Protocol::Udp));
    }
}
