//! The kernel's tables of sockets, as its Documentation/networking/proc_net_tcp.rst describes them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kinfra_rpc::Protocol;

/// `LISTEN` in the kernel's tables.
const LISTENING: &str = "0A";

/// A socket that keeps a port from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    pub protocol: Protocol,
    pub address: IpAddr,
    pub port: u16,
    /// Who made it, which may be another user than whose process has it now.
    pub user: u32,
    /// What the descriptors of its processes point to; 0 for one of the kernel's own.
    pub inode: u64,
}

impl Socket {
    /// Whether who connects to 127.0.0.1 or ::1 gets here.
    pub fn is_on_loopback(&self) -> bool {
        let address = self.address.to_canonical();
        address.is_unspecified() || address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST
    }
}

/// Those of this machine, IPv4 before IPv6: for TCP the ones that listen, for UDP all, because a connected one keeps
/// its port from others as well. Blocks for some milliseconds: the kernel looks through its whole table of connections,
/// which is large also where it is empty (4 ms for 262144 entries).
pub fn read(protocol: Protocol) -> Vec<Socket> {
    let tables = match protocol {
        Protocol::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        Protocol::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let tables = tables.iter().filter_map(|path| File::open(path).ok());
    tables.flat_map(|table| parse(BufReader::new(table), protocol)).collect()
}

/// Reads no further than needed: the kernel lists all listening TCP sockets first, and prints only what is read. All of
/// 4000 connections would take 20 ms more.
pub fn parse(table: impl BufRead, protocol: Protocol) -> Vec<Socket> {
    let keeps_its_port = |line: &String| {
        let state = line.split_ascii_whitespace().nth(3);
        protocol == Protocol::Udp || state.is_none_or(|state| state == LISTENING)
    };
    let lines = table.lines().map_while(Result::ok).skip(1).take_while(keeps_its_port);
    lines.filter_map(|line| parse_line(&line, protocol)).collect()
}

/// Columns: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode.
fn parse_line(line: &str, protocol: Protocol) -> Option<Socket> {
    let mut columns = line.split_ascii_whitespace();
    let (address, port) = columns.nth(1)?.split_once(':')?;
    let (user, inode) = (columns.nth(5)?.parse().ok()?, columns.nth(1)?.parse().ok()?);
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(Socket { protocol, address: parse_address(address)?, port, user, inode })
}

/// One or four words of 32 bits, each printed as a number of this machine although it is in the network's order.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(u32::from_str_radix(text.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    match text.len() {
        8 => Some(IpAddr::V4(word(0)?.into())),
        32 => {
            let mut bytes = [0; 16];
            for (at, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(at * 8)?);
            }
            Some(IpAddr::V6(bytes.into()))
        }
        _ => None,
    }
}
