//! A real systemd for the tests: the user's own where one runs, else one that the test starts in a corner of its own,
//! where it believes that it is on a machine that systemd has booted.

use std::collections::BTreeMap;
use std::env::var;
use std::fs::{File, create_dir_all, read_to_string, write};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use zbus::Connection;
use zbus::connection::Builder;

use crate::desktop::guest::Guest;
use crate::desktop::private::which;
use crate::skip;

/// A manager of the user's asks whether systemd has booted the machine: `sd_booted(3)`. What is mounted is seen by
/// itself only. It keeps its units in a control group of its own, or isn't begun: another one's of the same name would
/// be ended with them, and whatever else is in the group where it begins would be moved.
const BEGIN: &str = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system || exit
for root in $ROOTS; do
    test -e $root/cgroup.procs || continue
    mkdir $root/kinfra-test-$$ && echo 0 >$root/kinfra-test-$$/cgroup.procs || exit
done
exec \"$SYSTEMD\" --user --unit=none.target";

/// Where control groups may be: the one way, the older way, and both.
const ROOTS: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

/// It speaks on a bus that it has started itself, whatever the distribution brings for that.
const UNITS: [(&str, &str); 3] = [
    ("none.target", "[Unit]\nRequires=dbus.socket dbus.service\nAfter=dbus.socket\n"),
    ("dbus.socket", "[Socket]\nListenStream=%t/bus\n"),
    (
        "dbus.service",
        "[Unit]\nRequires=dbus.socket\n[Service]\nType=notify\nExecStart=dbus-daemon --session --address=systemd: \
         --nofork --nopidfile --systemd-activation\n",
    ),
];

const PROGRAMS: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// Fields are dropped in their order: clients before their servers, the folder after all.
pub struct OwnSystemd {
    pub connection: Connection,
    pub environment: BTreeMap<String, String>,
    units: PathBuf,
    /// Those of a manager that goes on after the test.
    written: Vec<PathBuf>,
    manager: Option<Guest>,
    groups: Vec<PathBuf>,
    folder: TempDir,
}

impl OwnSystemd {
    /// None, after a loud word, where there is none and none can be.
    pub async fn start(test: &str) -> Option<Self> {
        let running = Self::running().await;
        let systemd = match running {
            Some(running) => Ok(running),
            None => Self::begin().await,
        };
        let skipped = |why: String| {
            skip(test, &format!("not on this platform: no systemd of the user's runs, and {why}"));
        };
        systemd.map_err(skipped).ok()
    }

    async fn running() -> Option<Self> {
        if !Path::new("/run/systemd/system").exists() {
            return None;
        }
        let runtime = var("XDG_RUNTIME_DIR").ok()?;
        let address = var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_else(|_| format!("unix:path={runtime}/bus"));
        let connection = Builder::address(address.as_str()).build().await.ok()?;
        call(&connection, "Subscribe", &()).await.ok()?;
        let folder = tempfile::tempdir().unwrap();
        // Where marks go is the test's own, units are where that systemd looks for those of this login.
        let own = folder.path().to_string_lossy().into_owned();
        let environment = BTreeMap::from([
            ("DBUS_SESSION_BUS_ADDRESS".to_owned(), address),
            ("XDG_RUNTIME_DIR".to_owned(), own),
        ]);
        let units = Path::new(&runtime).join("systemd/user");
        create_dir_all(&units).ok()?;
        Some(Self { connection, environment, units, written: vec![], manager: None, groups: vec![], folder })
    }

    async fn begin() -> Result<Self, String> {
        let program = PROGRAMS.into_iter().find(|path| Path::new(path).exists());
        let program = program.ok_or("systemd is not installed")?;
        for needed in ["unshare", "dbus-daemon"] {
            which(needed).ok_or_else(|| format!("{needed} is not installed"))?;
        }
        // Sockets are in there: the path stays short.
        let folder = tempfile::Builder::new().prefix("ks-").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["run", "home", "config", "data", "cache"] {
            std::fs::DirBuilder::new().mode(0o700).create(path(name)).unwrap();
        }
        let units = path("units");
        create_dir_all(&units).unwrap();
        for (name, text) in UNITS {
            write(units.join(name), text).unwrap();
        }
        let log = File::create(path("log")).unwrap();
        let mut command = Command::new("unshare");
        let is_root = rustix::process::getuid().is_root();
        command.args(if is_root { ["-m", "sh"].as_slice() } else { &["-Urm", "sh"] }).args(["-c", BEGIN]);
        command.stdout(Stdio::null());
        command.env("ROOTS", ROOTS.join(" ")).env("SYSTEMD", program).env_remove("DBUS_SESSION_BUS_ADDRESS");
        // Before those of the distribution, which it needs to begin and to end.
        command.env("SYSTEMD_UNIT_PATH", format!("{}:", units.display()));
        for (name, folder) in [
            ("XDG_RUNTIME_DIR", "run"),
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(name, path(folder));
        }
        let mut manager = Guest::start(&mut command, &log);
        let group = format!("kinfra-test-{}", manager.pid());
        let groups = ROOTS.iter().map(|root| Path::new(root).join(&group)).collect();
        let address = format!("unix:path={}", path("run").join("bus").display());
        let end = Instant::now() + Duration::from_secs(20);
        let connection = loop {
            let connection = on_its_bus(&address).await;
            let said = || read_to_string(path("log")).unwrap_or_default();
            if let Some(status) = manager.ended() {
                return Err(format!("one that was started ended with {status}: {}", said()));
            }
            match connection {
                Ok(connection) => break connection,
                Err(error) if Instant::now() > end => {
                    return Err(format!("one that was started is not on its bus: {error} {}", said()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let environment =
            BTreeMap::from([("XDG_RUNTIME_DIR".to_owned(), path("run").to_string_lossy().into_owned())]);
        Ok(Self { connection, environment, units, written: vec![], manager: Some(manager), groups, folder })
    }

    /// A file that a unit may look for.
    pub fn flag(&self) -> PathBuf {
        self.folder.path().join("flag")
    }

    /// Writes a unit; its name is no other's.
    pub async fn unit(&mut self, name: &str, text: &str) -> String {
        let unit = format!("kinfra-test-{}-{name}.service", std::process::id());
        let file = self.units.join(&unit);
        if text.is_empty() {
            symlink("/dev/null", &file).unwrap();
        } else {
            write(&file, text).unwrap();
        }
        self.written.push(file);
        call(&self.connection, "Reload", &()).await.unwrap();
        unit
    }

    /// As somebody else would.
    pub async fn start_unit(&self, unit: &str) {
        call(&self.connection, "StartUnit", &(unit, "replace")).await.unwrap();
    }

    /// Only of one that is the test's own; false for the user's.
    pub fn kill(&mut self) -> bool {
        let manager = self.manager.take();
        if let Some(manager) = &manager {
            manager.signal(Signal::KILL);
        }
        manager.is_some()
    }
}

impl Drop for OwnSystemd {
    fn drop(&mut self) {
        drop(self.manager.take());
        self.groups.iter().for_each(|group| remove(group));
        for file in &self.written {
            // The folder may be gone with its manager.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// A control group of the test's, with whatever its manager has left in it.
fn remove(group: &Path) {
    for inner in std::fs::read_dir(group).into_iter().flatten().flatten() {
        if inner.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&inner.path());
        }
    }
    let left = read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    for pid in left.lines().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)) {
        // It may have ended in between.
        let _ = kill_process(pid, Signal::KILL);
    }
    let end = Instant::now() + Duration::from_secs(3);
    while group.exists() && std::fs::remove_dir(group).is_err() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// As somebody else would.
pub async fn stop(systemd: &OwnSystemd, unit: &str) {
    call(&systemd.connection, "StopUnit", &(unit, "replace")).await.unwrap();
}

async fn on_its_bus(address: &str) -> zbus::Result<Connection> {
    let connection = Builder::address(address).build().await?;
    call(&connection, "Subscribe", &()).await?;
    Ok(connection)
}

async fn call<B>(connection: &Connection, method: &str, body: &B) -> zbus::Result<()>
where
    B: serde::Serialize + zbus::DynamicType,
{
    let (name, path) = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1");
    connection.call_method(Some(name), path, Some("org.freedesktop.systemd1.Manager"), method, body).await?;
    Ok(())
}
