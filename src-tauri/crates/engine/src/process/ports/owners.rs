//! Which processes hold a socket.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

use kinfra_keeper::platform::{Process, processes};
use kinfra_keeper::protocol::Identity;

/// The descriptors that a program opens first: a server's socket is mostly among them.
const FIRST: Range<u32> = 3..8;

/// The processes that hold some sockets, by the socket's inode. Those of other users aren't there.
#[derive(Debug, Default)]
pub struct Owners(HashMap<u64, Vec<Process>>);

impl Owners {
    /// Looks through the descriptors of all processes. Blocks for some ten milliseconds where many programs run.
    pub fn read(wanted: &HashSet<u64>) -> Self {
        let mut owners = Self::default();
        for process in processes() {
            // A set, because a process may have a socket twice.
            for inode in sockets_of(process.identity.pid).collect::<HashSet<_>>().intersection(wanted) {
                owners.0.entry(*inode).or_default().push(process);
            }
        }
        owners
    }

    pub fn of(&self, inode: u64) -> &[Process] {
        self.0.get(&inode).map_or(&[], Vec::as_slice)
    }
}

/// The inodes of the sockets that a process has open; none when it is another user's.
pub fn sockets_of(pid: u32) -> impl Iterator<Item = u64> {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok();
    descriptors.into_iter().flatten().filter_map(|descriptor| socket_at(&descriptor.ok()?.path()))
}

/// Whether a process has the socket with this inode open; false when it is another user's.
pub fn has_socket(pid: u32, inode: u64) -> bool {
    // The kernel makes an entry for each descriptor that it lists, which costs more than a look at some.
    let is_first = FIRST
        .into_iter()
        .any(|descriptor| socket_at(format!("/proc/{pid}/fd/{descriptor}").as_ref()) == Some(inode));
    is_first || sockets_of(pid).any(|socket| socket == inode)
}

/// The inode of the socket that this descriptor in `/proc` is; none of anything else.
fn socket_at(descriptor: &Path) -> Option<u64> {
    let target = fs::read_link(descriptor).ok()?;
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// False for a process of another user, and for one that has taken on other rights.
pub fn can_be_read(pid: u32) -> bool {
    match fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(_) => true,
        // One that is gone has no socket either.
        Err(error) => error.kind() != std::io::ErrorKind::PermissionDenied,
    }
}

/// Of processes that share a socket the one that was started: the others are its workers, forked from it. By age and
/// not by pid, as pids begin anew after the highest.
pub fn started(owners: &[Process]) -> Option<Identity> {
    let is_worker = |process: &&Process| owners.iter().any(|other| other.identity.pid == process.parent);
    let roots = owners.iter().filter(|process| !is_worker(process));
    roots.map(|process| process.identity).min_by_key(|identity| (identity.start_time, identity.pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, start_time: u64, parent: u32) -> Process {
        let identity = Identity { pid, start_time };
        Process { identity, parent, group: pid, session: 1, user: 1000, ended: false }
    }

    #[test]
    fn of_a_server_with_workers_the_one_that_was_started_is_named() {
        let owners = [process(12, 80, 4711), process(4711, 50, 1), process(4712, 51, 4711)];
        assert_eq!(started(&owners), Some(Identity { pid: 4711, start_time: 50 }));
    }

    #[test]
    fn of_workers_whose_parent_is_gone_the_oldest_is_named() {
        let owners = [process(12, 80, 1), process(4712, 51, 1)];
        assert_eq!(started(&owners), Some(Identity { pid: 4712, start_time: 51 }));
        assert_eq!(started(&[]), None);
    }
}
