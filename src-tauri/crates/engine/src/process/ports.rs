//! Who listens on a TCP port of this machine.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fmt, fs};

use kinfra_keeper::platform::{command_line, folder_of, processes, program_of};

/// `LISTEN` in the kernel's tables.
const LISTENING: &str = "0A";

/// Whoever keeps a port from others. What can't be seen, because the process is another user's, is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortHolder {
    pub user: u32,
    pub pid: Option<u32>,
    pub program: Option<String>,
    /// Program and arguments. May hold secrets: to be shown, never to be stored.
    pub command: Option<String>,
    pub folder: Option<PathBuf>,
}

/// `node (pid 4711, in /home/me/shop)`
impl fmt::Display for PortHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.program, self.pid) {
            (Some(program), Some(pid)) => write!(formatter, "{program} (pid {pid}")?,
            (None, Some(pid)) => write!(formatter, "a program (pid {pid}")?,
            (_, None) => return write!(formatter, "a program of the user with the id {}", self.user),
        }
        if let Some(folder) = &self.folder {
            write!(formatter, ", in {}", folder.display())?;
        }
        formatter.write_str(")")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenState {
    Nobody,
    /// At least one of the processes that were asked for.
    Ours,
    /// Its pid, unless it is another user's.
    Stranger(Option<u32>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listener {
    user: u32,
    inode: u64,
}

/// Who listens on the port, on any address of IPv4 or IPv6. Reads `/proc` and blocks for some milliseconds.
#[must_use]
pub fn port_holder(port: u16) -> Option<PortHolder> {
    let listeners = listeners(port);
    let first = *listeners.first()?;
    let mut everyone: Vec<u32> = processes().iter().map(|process| process.identity.pid).collect();
    // The lowest: of a server that forked its workers mostly the one that was started.
    everyone.sort_unstable();
    let pid = everyone.into_iter().find(|pid| holds_any(*pid, &listeners));
    Some(PortHolder {
        user: first.user,
        pid,
        program: pid.and_then(program_of),
        command: pid.and_then(command_line),
        folder: pid.and_then(folder_of),
    })
}

/// Whether one of these processes listens on the port, or somebody else. Blocks as [`port_holder`] does.
#[must_use]
pub fn listens(port: u16, pids: &[u32]) -> ListenState {
    let listeners = listeners(port);
    if listeners.is_empty() {
        return ListenState::Nobody;
    }
    if pids.iter().any(|pid| holds_any(*pid, &listeners)) {
        return ListenState::Ours;
    }
    ListenState::Stranger(port_holder(port).and_then(|holder| holder.pid))
}

fn listeners(port: u16) -> Vec<Listener> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    tables
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| parse(&table, port))
        .collect()
}

/// Columns: number, local address, remote address, state, queues, timer, retransmits, user, timeout, inode.
fn parse(table: &str, port: u16) -> Vec<Listener> {
    let listener = |line: &str| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let local_port = u16::from_str_radix(columns.get(1)?.rsplit_once(':')?.1, 16).ok()?;
        let matches = local_port == port && columns.get(3) == Some(&LISTENING);
        matches
            .then_some(Listener { user: columns.get(7)?.parse().ok()?, inode: columns.get(9)?.parse().ok()? })
    };
    table.lines().skip(1).filter_map(listener).collect()
}

fn holds_any(pid: u32, listeners: &[Listener]) -> bool {
    let names: BTreeSet<String> =
        listeners.iter().map(|listener| format!("socket:[{}]", listener.inode)).collect();
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors
        .filter_map(|descriptor| fs::read_link(descriptor.ok()?.path()).ok())
        .any(|target| target.to_str().is_some_and(|target| names.contains(target)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_holder_of_a_port_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let holder = port_holder(port).unwrap();
        let own = std::process::id();
        assert_eq!(holder.pid, Some(own));
        assert_eq!(holder.folder, std::env::current_dir().ok());
        assert!(holder.command.unwrap().contains("kinfra"));
        assert_eq!(listens(port, &[own]), ListenState::Ours);
        assert_eq!(listens(port, &[1]), ListenState::Stranger(Some(own)));
    }

    #[test]
    fn a_listener_on_ipv6_holds_the_port_too() {
        let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
        let port = listener.local_addr().unwrap().port();
        assert_eq!(listens(port, &[std::process::id()]), ListenState::Ours);
    }

    #[test]
    fn a_port_that_is_only_connected_from_has_no_holder() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 77 1\n\
            1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 78 1\n";
        assert_eq!(parse(table, 0x1F90), []);
        assert_eq!(parse(table, 0x1F91), [Listener { user: 1000, inode: 78 }]);
    }
}
