//! Theory of operation: the kernel's tables say which port is whose inode, and each process's descriptors which inodes
//! it holds. Both are read once per snapshot, the second only when somebody asks for a process: looking through all
//! descriptors of a machine takes some ten milliseconds.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::sync::OnceLock;

use kinfra_keeper::platform::{Process, processes};
use kinfra_rpc::Protocol;

use super::holder::HeldBy;

/// `LISTEN` in the kernel's tables.
const LISTENING: &str = "0A";

/// All sockets of this machine that keep a port from others, at one moment.
#[derive(Debug)]
pub struct Sockets {
    sockets: Vec<Socket>,
    owners: OnceLock<Owners>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Socket {
    pub protocol: Protocol,
    pub port: u16,
    pub user: u32,
    pub inode: u64,
}

#[derive(Debug, Default)]
struct Owners {
    processes: HashMap<u32, Process>,
    by_inode: HashMap<u64, Vec<u32>>,
}

impl Sockets {
    /// Reads `/proc/net`; blocks for some milliseconds.
    #[must_use]
    pub fn read() -> Self {
        let tables = [
            ("/proc/net/tcp", Protocol::Tcp),
            ("/proc/net/tcp6", Protocol::Tcp),
            ("/proc/net/udp", Protocol::Udp),
            ("/proc/net/udp6", Protocol::Udp),
        ];
        let read = |(path, protocol)| Some(parse(&fs::read_to_string(path).ok()?, protocol));
        let sockets = tables.into_iter().filter_map(read).flatten().collect();
        Self { sockets, owners: OnceLock::new() }
    }

    /// Looks now whose each socket is, so that nobody has to wait for it later. Blocks for some ten milliseconds.
    pub fn look_up(&self) {
        self.owners.get_or_init(Owners::read);
    }

    #[must_use]
    pub fn is_held(&self, port: u16, protocol: Protocol) -> bool {
        self.on(port, protocol).next().is_some()
    }

    /// Who is on a port, on whatever address. The first call blocks for some ten milliseconds.
    #[must_use]
    pub fn holder(&self, port: u16, protocol: Protocol) -> Option<HeldBy> {
        let first = self.on(port, protocol).next()?;
        let owners = self.owners.get_or_init(Owners::read);
        let pids: BTreeSet<u32> = self
            .on(port, protocol)
            .filter_map(|socket| owners.by_inode.get(&socket.inode))
            .flatten()
            .copied()
            .collect();
        // Of a server that forked its workers the one that was started: its parent doesn't hold the port.
        let process = |pid: &u32| owners.processes.get(pid);
        let is_first = |pid: &&u32| process(pid).is_some_and(|process| !pids.contains(&process.parent));
        let pid = pids.iter().find(is_first).or(pids.first());
        Some(HeldBy::new(first.user, pid.and_then(process).map(|process| process.identity)))
    }

    /// The TCP ports on which any of these processes listens.
    #[must_use]
    pub fn listening(&self, pids: &[u32]) -> BTreeSet<u16> {
        let inodes: BTreeSet<u64> = pids.iter().flat_map(|pid| inodes_of(*pid)).collect();
        let own = |socket: &&Socket| socket.protocol == Protocol::Tcp && inodes.contains(&socket.inode);
        self.sockets.iter().filter(own).map(|socket| socket.port).collect()
    }

    fn on(&self, port: u16, protocol: Protocol) -> impl Iterator<Item = &Socket> {
        self.sockets.iter().filter(move |socket| socket.port == port && socket.protocol == protocol)
    }
}

impl Owners {
    fn read() -> Self {
        let mut owners = Self::default();
        for process in processes() {
            let pid = process.identity.pid;
            for inode in inodes_of(pid) {
                owners.by_inode.entry(inode).or_default().push(pid);
            }
            owners.processes.insert(pid, process);
        }
        owners
    }
}

/// Columns: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode. A UDP socket
/// that is connected serves nobody else; it is left out by its remote address.
pub(super) fn parse(table: &str, protocol: Protocol) -> Vec<Socket> {
    let socket = |line: &str| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let port_of = |column: usize| u16::from_str_radix(columns.get(column)?.rsplit_once(':')?.1, 16).ok();
        let serves = match protocol {
            Protocol::Tcp => columns.get(3) == Some(&LISTENING),
            Protocol::Udp => port_of(2) == Some(0),
        };
        let (port, user, inode) = (port_of(1)?, columns.get(7)?.parse().ok()?, columns.get(9)?.parse().ok()?);
        serves.then_some(Socket { protocol, port, user, inode })
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// The sockets that a process has open; none when it is another user's.
fn inodes_of(pid: u32) -> Vec<u64> {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return vec![] };
    let inode = |target: &str| target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    descriptors
        .filter_map(|descriptor| inode(fs::read_link(descriptor.ok()?.path()).ok()?.to_str()?))
        .collect()
}
