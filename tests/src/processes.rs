//! Which processes belong to a test, as `/proc` tells: found from outside, so that a test never asks KInfra
//! whether KInfra left something behind.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{read, read_dir, read_link, read_to_string};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A process, as it was when looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub parent: u32,
    /// Program and arguments, separated by spaces.
    pub command: String,
}

impl Process {
    /// In bytes, what a file of `/proc/PID` says of its memory: `Anonymous` in `smaps_rollup`, `RssFile` in `status`.
    ///
    /// # Panics
    /// When it has ended, or the file has no such line.
    #[must_use]
    #[track_caller]
    pub fn memory(&self, file: &str, name: &str) -> u64 {
        let text = read_to_string(format!("/proc/{}/{file}", self.pid)).unwrap_or_default();
        let amount =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.strip_suffix("kB"));
        let kib: Option<u64> = amount.and_then(|amount| amount.trim().parse().ok());
        kib.unwrap_or_else(|| panic!("no {name} in {file} of {self:?}: {text:?}")) << 10
    }
}

/// Every living process with `mark` (a variable and its value) in its environment, that works in `folder` or names
/// it in its arguments, and all their descendants; zombies are dead.
pub(crate) fn belonging_to(mark: (&OsStr, &OsStr), folder: &Path) -> Vec<Process> {
    let all = living();
    let mark = [mark.0.as_bytes(), b"=", mark.1.as_bytes()].concat();
    let mut found: BTreeMap<u32, Process> = all
        .iter()
        .filter(|process| {
            is_marked(process.pid, &mark) || works_in(process.pid, folder) || names(process, folder)
        })
        .map(|process| (process.pid, process.clone()))
        .collect();
    add_descendants(&mut found, &all);
    // A test that changes its own folder or environment is still no part of what it tests.
    found.remove(&std::process::id());
    found.into_values().collect()
}

/// Every living process that this one has started, and what those have started; zombies are dead, and what they left
/// behind belongs to the nearest subreaper.
///
/// # Panics
/// When `/proc` can't be read.
#[must_use]
pub fn descendants_of(pid: u32) -> Vec<Process> {
    let all = living();
    let mut found: BTreeMap<u32, Process> =
        all.iter().filter(|process| process.pid == pid).map(|process| (pid, process.clone())).collect();
    add_descendants(&mut found, &all);
    found.remove(&pid);
    found.into_values().collect()
}

fn add_descendants(found: &mut BTreeMap<u32, Process>, all: &[Process]) {
    loop {
        let known = found.len();
        let children = all.iter().filter(|process| found.contains_key(&process.parent)).cloned();
        let children: Vec<Process> = children.collect();
        found.extend(children.into_iter().map(|process| (process.pid, process)));
        if found.len() == known {
            break;
        }
    }
}

fn living() -> Vec<Process> {
    let entries = read_dir("/proc").unwrap_or_else(|error| panic!("cannot read /proc: {error}"));
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(read_process)
        .collect()
}

/// None for a process that is gone or a zombie.
fn read_process(pid: u32) -> Option<Process> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state parent …`, and the name may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let command = read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim_end().to_owned();
    Some(Process { pid, parent, command })
}

fn is_marked(pid: u32, mark: &[u8]) -> bool {
    let environment = read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == mark)
}

/// The keeper has neither a folder nor an environment of the test's, only the paths that it was given.
fn names(process: &Process, folder: &Path) -> bool {
    folder.to_str().is_some_and(|folder| process.command.contains(folder))
}

fn works_in(pid: u32, folder: &Path) -> bool {
    read_link(format!("/proc/{pid}/cwd")).is_ok_and(|path| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn descendants_are_children_and_theirs_and_nobody_else() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sh -c 'sleep 60; true'; true"]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        let commands =
            |pid| descendants_of(pid).into_iter().map(|process| process.command).collect::<Vec<_>>();
        crate::wait_until("the child of a child", std::time::Duration::from_secs(10), || {
            commands(shell.id()).iter().any(|command| command == "sleep 60")
        });
        assert_eq!(commands(shell.id()).len(), 2);
        assert!(!descendants_of(shell.id()).iter().any(|process| process.pid == shell.id()));
        assert!(descendants_of(std::process::id()).iter().any(|process| process.pid == shell.id()));
        for process in descendants_of(shell.id()) {
            let pid = rustix::process::Pid::from_raw(process.pid.cast_signed()).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        shell.wait().unwrap();
        assert_eq!(descendants_of(shell.id()), []);
    }
}
