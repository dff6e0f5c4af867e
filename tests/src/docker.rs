use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::{TestHome, skip, wait_for_ok};

const SOON: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const IMAGE: &str = "kinfra-test";

/// A Docker engine of one test's own, with one image: a web server that needs nothing else. No registry is asked.
#[derive(Debug)]
pub struct Docker {
    folder: PathBuf,
    engine: Child,
}

impl Docker {
    /// None, said loudly, where no engine can run.
    ///
    /// # Panics
    /// When an engine that runs refuses the image.
    #[must_use]
    pub fn start(test: &str, home: &TestHome) -> Option<Self> {
        if !geteuid().is_root() {
            skip(test, "only the superuser can start a Docker engine");
            return None;
        }
        let folder = home.path().join("docker");
        fs::create_dir_all(&folder)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
        let log = folder.join("log");
        let engine = match spawn(&folder) {
            Ok(engine) => engine,
            Err(error) => {
                skip(test, &format!("dockerd can't be started: {error}"));
                return None;
            }
        };
        let mut docker = Self { folder, engine };
        if !docker.comes_up() {
            let log = fs::read_to_string(log).unwrap_or_default();
            let last = log.lines().last().unwrap_or("it said nothing").to_owned();
            skip(test, &format!("not on this platform: no Docker engine can run here: {last}"));
            return None;
        }
        docker.import();
        Some(docker)
    }

    /// What `DOCKER_HOST` is to be.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.join("docker.sock").display())
    }

    /// Ends the engine, and its containers with it.
    ///
    /// # Panics
    /// When it doesn't end.
    #[track_caller]
    pub fn stop_engine(&mut self) {
        self.end_engine(Signal::TERM);
    }

    /// Its containers go on, until the next engine finds them.
    ///
    /// # Panics
    /// When it doesn't end.
    #[track_caller]
    pub fn kill_engine(&mut self) {
        self.end_engine(Signal::KILL);
        // Its containerd dies with it. Where nobody buries the dead, the next one would wait for that process's end.
        let _ = fs::remove_file(self.folder.join("exec/containerd/containerd.pid"));
    }

    fn end_engine(&mut self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.engine), signal);
        wait_for_ok("the Docker engine to end", SOON, || match self.engine.try_wait() {
            Ok(Some(_)) => Ok(()),
            other => Err(format!("; {other:?}")),
        });
    }

    /// After one that has ended: another one, with everything that the first had.
    ///
    /// # Panics
    /// When it doesn't come up.
    #[track_caller]
    pub fn start_engine(&mut self) {
        self.engine = spawn(&self.folder).unwrap_or_else(|error| panic!("dockerd can't be started: {error}"));
        assert!(self.comes_up(), "the Docker engine does not come up again");
    }

    /// Runs a web server in a container of this name, published on this port of 127.0.0.1.
    ///
    /// # Panics
    /// When it can't.
    #[track_caller]
    pub fn serve(&self, name: &str, port: u16) {
        let publish = format!("127.0.0.1:{port}:80");
        let server = ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"];
        self.succeed(&[&["run", "-d", "--rm", "--name", name, "-p", &publish, IMAGE], &server[..]].concat());
    }

    /// Whether this container runs.
    #[must_use]
    #[track_caller]
    pub fn runs(&self, name: &str) -> bool {
        self.succeed(&["ps", "--format", "{{.Names}}"]).lines().any(|line| line == name)
    }

    /// False when it ends, or never answers: a machine that lacks a right may leave it hanging.
    fn comes_up(&mut self) -> bool {
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            if self.docker(&["version"]).status.success() {
                return true;
            }
            if self.engine.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        false
    }

    fn import(&self) {
        let root = self.folder.join("image");
        let copied = fs::create_dir_all(root.join("bin"))
            .and_then(|()| fs::create_dir_all(root.join("www")))
            .and_then(|()| fs::write(root.join("www/index.html"), "a container's page"))
            .and_then(|()| fs::copy("/bin/busybox", root.join("bin/busybox")));
        copied.unwrap_or_else(|error| panic!("cannot make an image of /bin/busybox: {error}"));
        let archive = self.folder.join("image.tar");
        let tar = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg(".").status();
        assert!(tar.is_ok_and(|status| status.success()), "cannot pack {}", root.display());
        self.succeed(&["import", &archive.to_string_lossy(), IMAGE]);
    }

    /// What `docker` prints, with these arguments.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments);
        assert!(output.status.success(), "docker {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn docker(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", self.host()).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("docker can't be run: {error}"))
    }
}

impl Drop for Docker {
    /// Its containers end with it.
    fn drop(&mut self) {
        let all = self.docker(&["ps", "-aq"]);
        for container in String::from_utf8_lossy(&all.stdout).lines() {
            let _ = self.docker(&["rm", "-f", container]);
        }
        // Each is an interface of this machine, with a range of addresses that the next engine can't have.
        let _ = self.docker(&["network", "prune", "-f"]);
        if std::thread::panicking() {
            let _ = kill_process(Pid::from_child(&self.engine), Signal::TERM);
        } else {
            self.stop_engine();
        }
        unmount(&self.folder);
    }
}

fn spawn(folder: &Path) -> std::io::Result<Child> {
    let log = folder.join("log");
    let output = File::options().create(true).append(true).open(&log)?;
    let mut command = Command::new("dockerd");
    command.arg("--data-root").arg(folder.join("data")).arg("--exec-root").arg(folder.join("exec"));
    command.arg("--pidfile").arg(folder.join("pid"));
    command.args(["--storage-driver", "vfs", "--iptables=false", "--shutdown-timeout", "3"]);
    command.arg("--host").arg(format!("unix://{}", folder.join("docker.sock").display()));
    command.stdout(output.try_clone()?).stderr(output).spawn()
}

/// What the engine mounted for itself would keep the folder from being removed.
fn unmount(folder: &Path) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let inside = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    for mount in inside.filter(|mount| Path::new(mount).starts_with(folder)) {
        let _ = Command::new("umount").arg(mount).status();
    }
}
