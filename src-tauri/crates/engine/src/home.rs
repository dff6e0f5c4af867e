//! Where one engine keeps everything: the single argument that tells two engines apart.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sockaddr_un.sun_path` holds 108 bytes on Linux and 104 on macOS; both need a NUL.
const LONGEST_SOCKET_PATH: usize = 100;

/// The folders of one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The user's settings.
    pub config: PathBuf,
    /// The database, KInfra's own log, and the services' logs.
    pub state: PathBuf,
    /// Sockets and locks; gone after a reboot.
    pub runtime: PathBuf,
    /// Where sockets go whose path in `runtime` would be too long.
    short: PathBuf,
}

impl Home {
    /// All in one folder, as `KINFRA_HOME` says.
    #[must_use]
    pub fn at(folder: &Path, user_id: u32) -> Self {
        Self {
            config: folder.join("config"),
            state: folder.join("state"),
            runtime: folder.join("run"),
            short: PathBuf::from(format!("/tmp/kinfra-{user_id}")),
        }
    }

    /// From an environment: `KINFRA_HOME`, else the XDG folders, else their defaults.
    #[must_use]
    pub fn from_environment(environment: &BTreeMap<String, String>, user_id: u32) -> Self {
        let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        if let Some(folder) = variable("KINFRA_HOME") {
            return Self::at(Path::new(folder), user_id);
        }
        let home = variable("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        // The XDG specification: a relative path is to be ignored.
        let xdg = |name: &str, default: &str| {
            let named = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
            named.unwrap_or_else(|| home.join(default)).join("kinfra")
        };
        let short = PathBuf::from(format!("/tmp/kinfra-{user_id}"));
        let runtime = variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            config: xdg("XDG_CONFIG_HOME", ".config"),
            state: xdg("XDG_STATE_HOME", ".local/state"),
            runtime: runtime.map_or_else(|| short.clone(), |folder| folder.join("kinfra")),
            short,
        }
    }

    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.socket("control.sock")
    }

    /// Where tunnels come in.
    #[must_use]
    pub fn public_socket(&self) -> PathBuf {
        self.socket("public.sock")
    }

    #[must_use]
    pub fn keeper_socket(&self) -> PathBuf {
        self.socket("keeper.sock")
    }

    #[must_use]
    pub fn keeper_lock(&self) -> PathBuf {
        self.runtime.join("keeper.lock")
    }

    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.runtime.join("engine.lock")
    }

    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.state.join("kinfra.sqlite")
    }

    /// Programs that KInfra has downloaded on the user's word.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.state.join("programs")
    }

    /// The projects that exist in calls of Python alone; the Python package has the same path.
    #[must_use]
    pub fn generated_projects(&self) -> PathBuf {
        self.state.join("python")
    }

    #[must_use]
    pub fn engine_log(&self) -> PathBuf {
        self.state.join("engine.log")
    }

    /// The folder of one node's log segments.
    #[must_use]
    pub fn node_logs(&self, project: &str, node: &str) -> PathBuf {
        self.project_logs(project).join(node)
    }

    /// The folder of what a node's health command prints.
    #[must_use]
    pub fn health_logs(&self, project: &str, node: &str) -> PathBuf {
        self.node_logs(project, node).join("health")
    }

    /// The folder of all logs of one project.
    #[must_use]
    pub fn project_logs(&self, project: &str) -> PathBuf {
        self.logs().join(project)
    }

    /// The folder of all that services print.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The folder of what resources of one project keep that are no containers, each in a folder of its name.
    #[must_use]
    pub fn project_data(&self, project: &str) -> PathBuf {
        self.state.join("data").join(project)
    }

    /// The folder of what is handed to services in files.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.runtime.join("secrets")
    }

    /// The folder of what is handed to one run in files.
    #[must_use]
    pub fn run_secrets(&self, run: &str) -> PathBuf {
        self.secrets().join(run)
    }

    /// The folder for sockets whose path would be too long; must be 0700 and the user's own.
    #[must_use]
    pub fn short_folder(&self) -> &Path {
        &self.short
    }

    fn socket(&self, name: &str) -> PathBuf {
        let path = self.runtime.join(name);
        if path.as_os_str().len() <= LONGEST_SOCKET_PATH {
            return path;
        }
        let mut hasher = DefaultHasher::new();
        AsRef::<OsStr>::as_ref(&self.runtime).as_bytes().hash(&mut hasher);
        self.short.join(format!("{:016x}-{name}", hasher.finish()))
    }
}
