use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{create_dir_all, write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kinfra_engine::home::Home;
use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use crate::ports::PortRange;
use crate::processes::{Process, belonging_to};
use crate::{bin, wait_until};

/// The variable by which everything that a test starts is found again. Not one of KInfra's own: those are taken
/// out of what services inherit.
const MARK: &str = "TEST_HOME";

/// A KInfra of one test's own: an empty home in a temporary folder and a range of ports.
///
/// When it is dropped, everything that the test started and that still lives is killed, so that a failing test
/// leaves nothing to the next one.
#[derive(Debug)]
pub struct TestHome {
    folder: TempDir,
    ports: PortRange,
    variables: BTreeMap<&'static str, OsString>,
}

impl TestHome {
    /// # Panics
    /// When the folder can't be made.
    #[must_use]
    #[allow(clippy::new_without_default)] // it makes folders and takes locks
    pub fn new() -> Self {
        Self::with(PortRange::take())
    }

    /// With at least so many ports.
    ///
    /// # Panics
    /// As [`TestHome::new`], or when so many are not free side by side.
    #[must_use]
    pub fn with_ports(ports: u16) -> Self {
        Self::with(PortRange::take_for(ports))
    }

    fn with(ports: PortRange) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("kinfra-test-")
            .tempdir()
            .unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        Self { folder, ports, variables: BTreeMap::new() }
    }

    /// The temporary folder. KInfra's home is in it, and so are the projects.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the engine of this test keeps what.
    #[must_use]
    pub fn home(&self) -> Home {
        Home::at(&self.path().join("home"), getuid().as_raw())
    }

    /// The ports that no other test uses.
    #[must_use]
    pub fn ports(&self) -> RangeInclusive<u16> {
        self.ports.ports()
    }

    /// One more variable that KInfra finds, in the place of a value of before.
    pub fn set(&mut self, variable: &'static str, value: impl Into<OsString>) {
        self.variables.insert(variable, value.into());
    }

    /// What tells a KInfra program to use this home and these ports, and any free port for its proxy.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<&'static str, OsString> {
        let ports = self.ports();
        let mut environment = BTreeMap::from([
            ("KINFRA_HOME", self.path().join("home").into_os_string()),
            ("KINFRA_PROXY_PORT", "0".into()),
            ("KINFRA_PORT_RANGE", format!("{}-{}", ports.start(), ports.end()).into()),
            (MARK, self.path().into()),
        ]);
        environment.extend(self.variables.clone());
        environment
    }

    /// One of the workspace's programs in this home, ready to be given arguments.
    ///
    /// # Panics
    /// As [`bin`].
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(bin(program));
        command.envs(self.environment()).current_dir(self.path());
        command
    }

    /// Makes the folder of a project with this `kinfra.yaml`, and gives its path.
    ///
    /// # Panics
    /// When it can't be written.
    #[must_use]
    pub fn project(&self, name: &str, configuration: &str) -> PathBuf {
        let folder = self.path().join("projects").join(name);
        create_dir_all(&folder)
            .and_then(|()| write(folder.join("kinfra.yaml"), configuration))
            .unwrap_or_else(|error| panic!("cannot write a project to {}: {error}", folder.display()));
        folder
    }

    /// Every process that was started from here and lives, daemons included.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        belonging_to((OsStr::new(MARK), self.path().as_os_str()), self.path())
    }

    /// Who hosts the engine, where a command does.
    #[must_use]
    pub fn engine(&self) -> Option<Process> {
        self.processes().into_iter().find(|process| process.command.contains("kinfra host"))
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        let kill_all = || {
            let left = self.processes();
            for pid in left.iter().filter_map(|process| Pid::from_raw(process.pid.cast_signed())) {
                // It may have ended by itself since.
                let _ = kill_process(pid, Signal::KILL);
            }
            left.is_empty()
        };
        if std::thread::panicking() {
            // A second panic would hide the first one.
            kill_all();
        } else {
            // Again and again: a process may start another one while it is being looked for.
            wait_until("the processes of a test to end", Duration::from_secs(10), kill_all);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_dropped_home_leaves_neither_folder_nor_process() {
        let home = TestHome::new();
        let folder = home.path().to_path_buf();
        let mut child = home.command("misbehave").arg("never-ready").stdout(Stdio::null()).spawn().unwrap();
        assert!(home.processes().iter().any(|process| process.pid == child.id()));
        let reaper = std::thread::spawn(move || child.wait().unwrap());
        drop(home);
        assert!(!folder.exists());
        assert!(!reaper.join().unwrap().success());
    }

    #[test]
    fn two_homes_share_nothing() {
        let (one, other) = (TestHome::new(), TestHome::new());
        assert_ne!(one.home(), other.home());
        assert_ne!(one.environment(), other.environment());
        assert_ne!(one.ports(), other.ports());
    }
}
