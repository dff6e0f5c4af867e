//! What is known of whoever is on a port.

use std::path::PathBuf;

use kinfra_keeper::platform::{command_line, folder_of, identity_of, mark_of};
use kinfra_keeper::protocol::Identity;
use kinfra_rpc::PortHolder;

use super::program::program_name;

/// The superuser.
const ROOT: u32 = 0;

/// What holds the ports of containers: one proxy per port, Docker itself where it is told to do without, Docker
/// without root, and Docker Desktop.
const OF_DOCKER: [&str; 4] = ["docker-proxy", "dockerd", "rootlesskit", "com.docker.backend"];

/// Who is on a port. Of another user's process nothing but the user is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    /// Who made the socket.
    pub user: u32,
    /// The name, or the number where the system has none.
    pub user_name: String,
    pub process: Option<Identity>,
    /// When the process was started, in milliseconds since 1970; exact to a second.
    pub since: Option<u64>,
    pub program: Option<String>,
    /// Program and arguments. May hold secrets: to be shown, never to be stored.
    pub command: Option<String>,
    pub folder: Option<PathBuf>,
    /// The run of KInfra's that it says to belong to, whatever home that run is of.
    pub run: Option<String>,
}

impl HeldBy {
    /// Another user's process, or one that has ended meanwhile.
    pub(super) fn user(user: u32) -> Self {
        let (process, since, program, command, folder, run) = (None, None, None, None, None, None);
        Self { user, user_name: name_of(user), process, since, program, command, folder, run }
    }

    /// Reads what `/proc` has of the process.
    pub(super) fn process(user: u32, process: Identity, since: Option<u64>) -> Self {
        let pid = process.pid;
        let command = command_line(pid);
        let held = Self {
            process: Some(process),
            since,
            program: program_name(pid, command.as_deref()),
            command,
            folder: folder_of(pid),
            run: mark_of(pid),
            ..Self::user(user)
        };
        // The pid may be another's since it was seen, and then so is what was read.
        if identity_of(pid) == Some(process) { held } else { Self::user(user) }
    }

    /// Whether it is worth asking Docker for a container. Without the right to look at its processes, Docker is
    /// anything of the superuser's.
    #[must_use]
    pub fn may_be_docker(&self) -> bool {
        match &self.program {
            Some(program) => OF_DOCKER.contains(&program.as_str()),
            None => self.user == ROOT,
        }
    }
}

/// Project, node and container are for those who know them to fill in.
impl From<HeldBy> for PortHolder {
    fn from(held: HeldBy) -> Self {
        Self {
            pid: held.process.map(|process| process.pid),
            start_time: held.process.map(|process| process.start_time.to_string()),
            since: held.since,
            user: held.user_name,
            program: held.program,
            command: held.command,
            folder: held.folder,
            ..Self::default()
        }
    }
}

/// Asked of the system, which may have users that `/etc/passwd` doesn't list.
fn name_of(user: u32) -> String {
    let name = uzers::get_user_by_uid(user).map(|user| user.name().to_string_lossy().into_owned());
    name.unwrap_or_else(|| user.to_string())
}
