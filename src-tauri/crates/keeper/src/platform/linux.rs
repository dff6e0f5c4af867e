//! Linux: `/proc`, pidfds, prctl.

#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, Signal};

use super::Process;
use crate::protocol::{Identity, RUN_VARIABLE};

/// Closes whatever the program that started this one leaked into it, so that no child gets it.
///
/// Must be called first in `main`, before anything is opened.
pub fn close_inherited_descriptors() {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return };
    let inherited: Vec<RawFd> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in inherited {
        // SAFETY: nothing in this process has opened a descriptor yet but the listing above, which is closed
        // again, so no owner exists whose descriptor this could be; closing a number that is not open only
        // gives EBADF, which `try_close` returns.
        let _ = unsafe { rustix::io::try_close(descriptor) };
    }
}

/// Orphans among this process's descendants become its children.
///
/// # Errors
/// What prctl(2) says.
pub fn become_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// The user at the other end of a unix socket.
///
/// # Errors
/// What getsockopt(2) says.
pub fn peer_user<S: AsFd>(socket: &S) -> io::Result<u32> {
    Ok(rustix::net::sockopt::socket_peercred(socket)?.uid.as_raw())
}

/// 52 numbers of at most 20 digits, and a name of at most 64 bytes.
const STAT_BYTES: usize = 2048;

/// Looks at one process; `None` when there is none of this pid.
#[must_use]
pub fn process(pid: u32) -> Option<Process> {
    process_since(pid, 0)
}

/// The same, `None` also when it began earlier than `since`, in clock ticks since boot.
fn process_since(pid: u32, since: u64) -> Option<Process> {
    // Three or four system calls and no more: all processes are looked at while somebody waits for a restart.
    let file = fs::File::open(format!("/proc/{pid}/stat")).ok()?;
    // It comes whole at the first read.
    let mut bytes = [0; STAT_BYTES];
    let length = rustix::io::read(&file, &mut bytes).ok()?;
    let user = || Some(fs::metadata(format!("/proc/{pid}")).ok()?.uid());
    parse_stat(&String::from_utf8_lossy(&bytes[..length]), since, user)
}

/// Every process that this user may see.
#[must_use]
pub fn processes() -> Vec<Process> {
    processes_since(0, |_| true)
}

/// Those of them that began at `since` or later, in clock ticks since boot, and whose pids are of interest.
#[must_use]
pub fn processes_since(since: u64, is_of_interest: impl Fn(u32) -> bool) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| is_of_interest(*pid)).filter_map(|pid| process_since(pid, since)).collect()
}

#[must_use]
pub fn identity_of(pid: u32) -> Option<Identity> {
    process(pid).map(|process| process.identity)
}

/// Whether exactly this process still runs; one that only waits to be reaped does not.
#[must_use]
pub fn is_alive(identity: Identity) -> bool {
    process(identity.pid).is_some_and(|process| process.identity == identity && !process.ended)
}

/// Whether the process was started with `KINFRA_RUN` set to this run.
#[must_use]
pub fn carries_mark(pid: u32, run: &str) -> bool {
    mark_of(pid).is_some_and(|mark| mark == run)
}

/// The run that the process was started with in `KINFRA_RUN`.
#[must_use]
pub fn mark_of(pid: u32) -> Option<String> {
    variable_of(pid, RUN_VARIABLE)
}

/// A variable of the environment that the process was started with.
#[must_use]
pub fn variable_of(pid: u32, name: &str) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_owned()).ok()
    })
}

/// The short name that the kernel has for the program.
#[must_use]
pub fn program_of(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

/// Program and arguments with spaces between them.
#[must_use]
pub fn command_line(pid: u32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let arguments: Vec<_> =
        bytes.split(|byte| *byte == 0).map(|argument| String::from_utf8_lossy(argument)).collect();
    Some(arguments.join(" ").trim_end().to_owned())
}

/// The folder that the process works in.
#[must_use]
pub fn folder_of(pid: u32) -> Option<PathBuf> {
    fs::read_link(Path::new("/proc").join(pid.to_string()).join("cwd")).ok()
}

/// A descriptor for whichever process has this pid now: only for who knows that it can't be another's.
///
/// # Errors
/// What pidfd_open(2) says.
pub fn pidfd(pid: u32) -> rustix::io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(rustix::io::Errno::SRCH)?;
    rustix::process::pidfd_open(pid, PidfdFlags::empty())
}

/// A descriptor that becomes readable when exactly this process ends; `None` when it has ended.
///
/// # Errors
/// What pidfd_open(2) says, except that there is no such process.
pub fn watch(identity: Identity) -> io::Result<Option<OwnedFd>> {
    let descriptor = match pidfd(identity.pid) {
        Ok(descriptor) => descriptor,
        Err(rustix::io::Errno::SRCH) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Looked at after the descriptor was opened: from now on the pid can only mean what the descriptor means.
    Ok(is_alive(identity).then_some(descriptor))
}

/// Signals exactly this process and never one that has its pid since; `false` when it has ended.
///
/// # Errors
/// What pidfd_open(2) and pidfd_send_signal(2) say: mostly that the process is another user's.
pub fn signal_exactly(identity: Identity, signal: Signal) -> io::Result<bool> {
    let Some(descriptor) = watch(identity)? else { return Ok(false) };
    match rustix::process::pidfd_send_signal(descriptor, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The fields of proc_pid_stat(5). The program's name is in parentheses and may contain any character, so what
/// follows the last `)` is counted: field 3 comes first there. `user` doesn't stand there, and is asked of none that began
/// earlier than `since`.
fn parse_stat(stat: &str, since: u64, user: impl FnOnce() -> Option<u32>) -> Option<Process> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let start_time = field(22)?.parse().ok()?;
    if start_time < since {
        return None;
    }
    Some(Process {
        identity: Identity { pid, start_time },
        parent: field(4)?.parse().ok()?,
        group: field(5)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        user: user()?,
        ended: matches!(field(3)?, "Z" | "X" | "x"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_named_like_the_end_of_a_field_is_read_rightly() {
        let stat = "42 (a) S 9 (b)) Z 1 40 39 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 777 0 0";
        let expected = Process {
            identity: Identity { pid: 42, start_time: 777 },
            parent: 1,
            group: 40,
            session: 39,
            user: 1000,
            ended: true,
        };
        assert_eq!(parse_stat(stat, 777, || Some(1000)), Some(expected));
        assert_eq!(parse_stat(stat, 778, || Some(1000)), None);
    }

    #[test]
    fn of_all_processes_the_younger_ones_are_looked_at_and_not_those_of_no_interest() {
        let own = process(std::process::id()).unwrap();
        let start_time = own.identity.start_time;
        assert!(processes().contains(&own));
        assert!(processes_since(start_time, |_| true).contains(&own));
        assert!(!processes_since(start_time + 1, |_| true).contains(&own));
        assert!(!processes_since(start_time, |pid| pid != own.identity.pid).contains(&own));
    }

    #[test]
    fn a_reused_pid_is_not_taken_for_the_process() {
        let own = identity_of(std::process::id()).unwrap();
        assert!(is_alive(own));
        let other = Identity { start_time: own.start_time + 1, ..own };
        assert!(!is_alive(other));
        assert!(!signal_exactly(other, Signal::KILL).unwrap());
        assert!(watch(other).unwrap().is_none());
    }
}
