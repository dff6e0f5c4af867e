//! Real servers, as plain processes: this system's own, or those that `./dev test` unpacks (scripts/servers.sh).

use std::env::{join_paths, split_paths, var_os};
use std::ffi::OsString;
use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Printed, TestProject, skip};

/// A project whose engine finds the servers.
pub(super) struct Served {
    pub project: TestProject,
    environment: Vec<(&'static str, OsString)>,
}

impl Served {
    /// With these secrets: their names as variables.
    pub fn new(configuration: &str, secrets: &[(&'static str, &str)]) -> Self {
        let mut environment = vec![("PATH", path()), ("LD_LIBRARY_PATH", libraries())];
        environment.extend(secrets.iter().map(|(name, value)| (*name, OsString::from(value))));
        Self { project: TestProject::new(configuration), environment }
    }

    #[track_caller]
    pub fn kinfra(&self, arguments: &[&str]) -> Printed {
        let mut command = self.project.command(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_os_str())));
        command.output().unwrap_or_else(|error| panic!("kinfra {arguments:?} can't be run: {error}")).into()
    }

    #[track_caller]
    pub fn up(&self) {
        let printed = self.kinfra(&["up", "-d"]);
        assert_eq!(printed.code, Some(0), "{printed:#?}\n{}", self.project.kinfra(&["logs"]).stdout);
    }

    /// One of the servers' clients, with nothing yet to do.
    pub fn command(&self, program: &str) -> Command {
        let folders: Vec<PathBuf> = split_paths(&path()).collect();
        let found = folders.iter().map(|folder| folder.join(program)).find(|file| file.is_file());
        let mut command = Command::new(found.unwrap_or_else(|| panic!("no {program}")));
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_os_str())));
        command
    }

    pub fn logs(&self, service: &str) -> String {
        self.project.succeed(&["logs", service])
    }

    /// The folder of one resource's data.
    pub fn data(&self, resource: &str) -> PathBuf {
        self.project.home.home().project_data("shop").join(resource)
    }

    /// No other user can read a password in a list of processes.
    #[track_caller]
    pub fn is_on_no_command_line(&self, password: &str) {
        let processes = self.project.home.processes();
        let shown: Vec<_> = processes.iter().filter(|process| process.command.contains(password)).collect();
        assert!(!processes.is_empty() && shown.is_empty(), "{shown:#?}");
    }
}

/// Whether all of these programs are there. If not, the test is skipped.
pub(super) fn have_servers(test: &str, programs: &[&str]) -> bool {
    let folders: Vec<PathBuf> = split_paths(&path()).collect();
    let is_there = |program: &&&str| folders.iter().any(|folder| folder.join(program).is_file());
    let missing = programs.iter().find(|program| !is_there(program));
    if let Some(missing) = missing {
        skip(test, &format!("{missing} is not installed; ./dev test installs it"));
    }
    missing.is_none()
}

fn unpacked() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/servers");
    target.canonicalize().unwrap_or(target)
}

/// This system's own first.
fn path() -> OsString {
    let mut folders: Vec<PathBuf> = split_paths(&var_os("PATH").unwrap_or_default()).collect();
    folders.extend(postgres_below(Path::new("/")));
    folders.push("/usr/sbin".into());
    folders.extend(postgres_below(&unpacked()));
    folders.extend(["usr/bin", "usr/sbin"].map(|folder| unpacked().join(folder)));
    join_paths(folders).unwrap_or_default()
}

fn postgres_below(root: &Path) -> Vec<PathBuf> {
    below(&root.join("usr/lib/postgresql")).into_iter().map(|folder| folder.join("bin")).collect()
}

fn libraries() -> OsString {
    let folders = below(&unpacked().join("usr/lib")).into_iter().filter(|folder| {
        folder.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-gnu"))
    });
    join_paths(folders).unwrap_or_default()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}
