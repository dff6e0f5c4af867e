//! Theory of operation: the kernel's tables say which port is whose inode, and the descriptors of each process which
//! inodes it holds. Reading either costs milliseconds, however few ports are asked about. So a snapshot reads the
//! tables once, and the descriptors once too, when somebody asks for a process.

use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

use kinfra_keeper::protocol::Identity;
use kinfra_rpc::Protocol;

use super::held_by::HeldBy;
use super::kernel::{booted_at, since};
use super::owners::{Owners, sockets_of, started};
use super::table::{Socket, read};

/// All sockets of this machine that keep a port from others, at one moment.
#[derive(Debug)]
pub struct Sockets {
    sockets: Vec<Socket>,
    owners: OnceLock<Owners>,
    booted_at: OnceLock<Option<u64>>,
}

/// A port on which a program listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListeningPort {
    pub protocol: Protocol,
    pub port: u16,
    /// Whether it is reached at 127.0.0.1 or ::1, as the proxy does.
    pub on_loopback: bool,
}

/// Who is on a port. For one port; for more, ask a snapshot. Blocks as [`Sockets::read`] and [`Sockets::holder`] do.
#[must_use]
pub fn holder(port: u16, protocol: Protocol) -> Option<HeldBy> {
    Sockets::new(read(protocol)).holder(port, protocol)
}

/// On which TCP ports any of these processes listens. Blocks as [`Sockets::read`] does.
#[must_use]
pub fn listening_ports(pids: &[u32]) -> Vec<ListeningPort> {
    Sockets::new(read(Protocol::Tcp)).listening(pids)
}

impl Sockets {
    /// Reads `/proc/net`; blocks for some milliseconds.
    #[must_use]
    pub fn read() -> Self {
        Self::new([read(Protocol::Tcp), read(Protocol::Udp)].concat())
    }

    pub(super) fn new(sockets: Vec<Socket>) -> Self {
        Self { sockets, owners: OnceLock::new(), booted_at: OnceLock::new() }
    }

    /// Looks now whose each socket is, so that nobody has to wait for it later. Blocks for some ten milliseconds.
    pub fn look_up(&self) {
        self.owners();
    }

    #[must_use]
    pub fn is_held(&self, port: u16, protocol: Protocol) -> bool {
        self.on(port, protocol).next().is_some()
    }

    /// Who is on a port, on whatever address; where there are several, who is on loopback, and rather somebody who can
    /// be seen. The first call blocks for some ten milliseconds, unless [`Self::look_up`] was called; each one reads
    /// some files of `/proc`, and the user's name, which may be asked of a server in the network.
    #[must_use]
    pub fn holder(&self, port: u16, protocol: Protocol) -> Option<HeldBy> {
        let found = self.on(port, protocol).map(|socket| (socket, started(self.owners().of(socket.inode))));
        let (socket, process) =
            found.min_by_key(|(socket, process)| (!socket.is_on_loopback(), process.is_none()))?;
        Some(match process {
            Some(process) => HeldBy::process(socket.user, process, self.since(process)),
            None => HeldBy::user(socket.user),
        })
    }

    /// On which TCP ports any of these processes listens: each port once, in their order. Reads the descriptors of
    /// these processes only.
    #[must_use]
    pub fn listening(&self, pids: &[u32]) -> Vec<ListeningPort> {
        let own: HashSet<u64> = pids.iter().flat_map(|pid| sockets_of(*pid)).collect();
        let mut ports = BTreeMap::new();
        for socket in self.sockets.iter().filter(|socket| socket.protocol == Protocol::Tcp) {
            if own.contains(&socket.inode) {
                *ports.entry(socket.port).or_insert(false) |= socket.is_on_loopback();
            }
        }
        let port = |(port, on_loopback)| ListeningPort { protocol: Protocol::Tcp, port, on_loopback };
        ports.into_iter().map(port).collect()
    }

    fn on(&self, port: u16, protocol: Protocol) -> impl Iterator<Item = &Socket> {
        self.sockets.iter().filter(move |socket| socket.port == port && socket.protocol == protocol)
    }

    fn owners(&self) -> &Owners {
        self.owners.get_or_init(|| Owners::read(&self.sockets.iter().map(|socket| socket.inode).collect()))
    }

    fn since(&self, process: Identity) -> Option<u64> {
        let boot = *self.booted_at.get_or_init(booted_at);
        boot.map(|boot| since(boot, process.start_time))
    }
}
