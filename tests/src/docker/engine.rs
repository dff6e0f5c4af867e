use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::{TestHome, skip};

const SOON: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A Docker engine of one test's own. No registry is asked. It ends with this, and all that it holds.
#[derive(Debug)]
pub struct Docker {
    folder: TempDir,
    /// Its networks: of what they are parts, and how large each is.
    addresses: String,
    engine: Option<Child>,
}

impl Docker {
    /// With the image `kinfra-test`, a web server that needs nothing else. None, said loudly, where no engine can run.
    ///
    /// # Panics
    /// When an engine that runs refuses the image.
    #[must_use]
    pub fn start(test: &str, home: &TestHome) -> Option<Self> {
        // Many networks of a few containers each.
        Self::with_networks_of(28, test, home)
    }

    /// The same with networks that take some 120 containers each, of which there are two.
    ///
    /// # Panics
    /// As [`Docker::start`].
    #[must_use]
    pub fn with_large_networks(test: &str, home: &TestHome) -> Option<Self> {
        Self::with_networks_of(25, test, home)
    }

    fn with_networks_of(prefix: u8, test: &str, home: &TestHome) -> Option<Self> {
        if !geteuid().is_root() {
            skip(test, "only the superuser can start a Docker engine");
            return None;
        }
        if Command::new("apt-get").arg("--version").output().is_err() {
            skip(test, "not on this platform: images are packed from Debian's packages");
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix("kinfra-docker-")
            .tempdir()
            .unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        // No other test has these ports, so none has these addresses.
        let [high, low] = home.ports().start().to_be_bytes();
        let mut docker =
            Self { folder, addresses: format!("base=10.{high}.{low}.0/24,size={prefix}"), engine: None };
        if let Err(why) = docker.begin() {
            skip(test, &why);
            return None;
        }
        docker.load("tiny", "kinfra-test");
        Some(docker)
    }

    /// What `DOCKER_HOST` is to be.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Where it is asked.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path("docker.sock")
    }

    /// In order: its containers end.
    ///
    /// # Panics
    /// When it doesn't end soon.
    #[track_caller]
    pub fn stop_engine(&mut self) {
        assert!(self.end_by(Signal::TERM), "the Docker engine does not end: {}", self.log());
    }

    /// As by a crash: its containers go on, until it is started again.
    ///
    /// # Panics
    /// When it doesn't end.
    #[track_caller]
    pub fn kill_engine(&mut self) {
        assert!(self.end_by(Signal::KILL), "the Docker engine does not end");
        // Its containerd dies with it. Where nobody buries the dead, the next one would wait for that process's end.
        let _ = fs::remove_file(self.path("exec/containerd/containerd.pid"));
    }

    /// With all that it held before. It starts no container by itself.
    ///
    /// # Panics
    /// When it doesn't come up.
    #[track_caller]
    pub fn start_engine(&mut self) {
        self.begin().unwrap_or_else(|why| panic!("{why}"));
    }

    /// Runs `docker`, which must end with 0, and gives what it printed.
    ///
    /// # Panics
    /// When it doesn't.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments);
        assert!(output.status.success(), "docker {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// # Panics
    /// When there is no `docker`.
    #[track_caller]
    pub fn docker(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", self.host()).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("docker can't be run: {error}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().last().unwrap_or("it said nothing").to_owned()
    }

    /// Gives why it doesn't come up, as a reason to skip a test.
    fn begin(&mut self) -> Result<(), String> {
        let log = self.path("log");
        let output =
            File::create(&log).unwrap_or_else(|error| panic!("cannot make {}: {error}", log.display()));
        // However the test ends.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "dockerd", "--iptables=false", "--bridge", "none"]);
        command.args(["--shutdown-timeout", "10"]);
        command.arg("--data-root").arg(self.path("data")).arg("--exec-root").arg(self.path("exec"));
        command.arg("--pidfile").arg(self.path("pid")).arg("--host").arg(self.host());
        command.arg("--default-address-pool").arg(&self.addresses);
        let started = output.try_clone().and_then(|copy| command.stdout(copy).stderr(output).spawn());
        let engine = started.map_err(|error| format!("dockerd can't be started: {error}"))?;
        self.engine = Some(engine);
        if self.comes_up() {
            return Ok(());
        }
        Err(format!("not on this platform: no Docker engine can run here: {}", self.log()))
    }

    /// False when it ends, or never answers: a machine that lacks a right may leave it hanging.
    fn comes_up(&mut self) -> bool {
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            if self.docker(&["version"]).status.success() {
                return true;
            }
            if self.engine.as_mut().is_some_and(|engine| engine.try_wait().is_ok_and(|ended| ended.is_some()))
            {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        false
    }

    /// Whether it has ended.
    fn end_by(&mut self, signal: Signal) -> bool {
        let Some(engine) = &mut self.engine else { return true };
        let _ = kill_process(Pid::from_child(engine), signal);
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            if engine.try_wait().is_ok_and(|ended| ended.is_some()) {
                self.engine = None;
                return true;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        false
    }
}

impl Drop for Docker {
    /// Networks are the machine's, and would stay: they are given back by the engine alone.
    fn drop(&mut self) {
        if self.engine.is_some() || self.begin().is_ok() {
            let all = self.docker(&["ps", "--all", "--quiet"]);
            let all = String::from_utf8_lossy(&all.stdout).into_owned();
            let mut remove = vec!["rm", "--force", "--volumes"];
            remove.extend(all.lines());
            let _ = self.docker(&remove);
            let _ = self.docker(&["network", "prune", "--force"]);
        }
        let has_ended = self.end_by(Signal::TERM);
        unmount(self.folder.path());
        // A second panic would hide the first one.
        assert!(has_ended || std::thread::panicking(), "the Docker engine does not end: {}", self.log());
    }
}

/// What the engine mounted for itself would keep the folder from being removed.
fn unmount(folder: &Path) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let inside = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    for mount in inside.filter(|mount| Path::new(mount).starts_with(folder)) {
        let _ = Command::new("umount").arg(mount).status();
    }
}
