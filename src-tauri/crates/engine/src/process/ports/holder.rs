use std::fs;

use kinfra_keeper::platform::{command_line, folder_of, mark_of, program_of};
use kinfra_keeper::protocol::Identity;
use kinfra_rpc::PortHolder;

/// Who is on a port. Nothing but the user is known of another user's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBy {
    pub user: u32,
    pub process: Option<Identity>,
}

impl HeldBy {
    #[must_use]
    pub const fn new(user: u32, process: Option<Identity>) -> Self {
        Self { user, process }
    }

    /// The run of KInfra's that it belongs to.
    #[must_use]
    pub fn run(&self) -> Option<String> {
        mark_of(self.process?.pid)
    }

    /// All that can be said of it. Reads `/proc`.
    #[must_use]
    pub fn describe(&self) -> PortHolder {
        let pid = self.process.map(|process| process.pid);
        PortHolder {
            pid,
            start_time: self.process.map(|process| process.start_time.to_string()),
            since: self.process.and_then(|process| started_at(process.start_time)),
            user: name_of(self.user),
            program: pid.and_then(program_of),
            command: pid.and_then(command_line),
            folder: pid.and_then(folder_of),
            ..PortHolder::default()
        }
    }
}

/// Asked of the system, which may have users that `/etc/passwd` doesn't list.
fn name_of(user: u32) -> String {
    let name = uzers::get_user_by_uid(user).map(|user| user.name().to_string_lossy().into_owned());
    name.unwrap_or_else(|| user.to_string())
}

/// Milliseconds since 1970, from clock ticks since boot.
#[must_use]
pub fn started_at(ticks: u64) -> Option<u64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot * 1000 + ticks * 1000 / rustix::param::clock_ticks_per_second())
}
