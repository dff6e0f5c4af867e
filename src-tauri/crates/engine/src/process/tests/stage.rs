//! A home of its own for each test, and ways to wait.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfra_keeper::platform::{carries_mark, command_line, processes, signal_exactly};
use kinfra_keeper::segments::{numbers, segment_path};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, timeout};

use crate::process::{ExitStatus, Identity, Keeper, KeeperEvent, KeeperOptions, Spawn};

/// Long enough for a machine on which other builds run.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub type Events = UnboundedReceiver<KeeperEvent>;

pub struct Stage {
    pub folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn options(&self) -> KeeperOptions {
        KeeperOptions {
            program: keeper_program(),
            socket: self.path().join("keeper.sock"),
            lock: self.path().join("keeper.lock"),
        }
    }

    pub async fn connect(&self) -> (Keeper, Events) {
        Keeper::connect(self.options()).await.unwrap()
    }

    /// Ids hold the stage's folder, so that no other test's process has the same mark.
    pub fn run(&self, name: &str) -> String {
        format!("{}/{name}", self.path().display())
    }

    /// A shell script as the run of this name; its logs go to the folder of this name.
    pub fn script(&self, name: &str, script: &str) -> Spawn {
        Spawn {
            run: self.run(name),
            number: 1,
            program: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            folder: self.path().to_owned(),
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
            log_folder: self.path().join(name),
            descriptor_limit: None,
            log_bytes: None,
        }
    }

    /// What is there of the stream; the keeper may delete the oldest of it meanwhile.
    pub fn log(&self, name: &str, stream: &str) -> String {
        let folder = self.path().join(name);
        let bytes: Vec<u8> = numbers(&folder, stream)
            .unwrap()
            .into_iter()
            .flat_map(|number| std::fs::read(segment_path(&folder, stream, number)).unwrap_or_default())
            .collect();
        String::from_utf8(bytes).unwrap()
    }

    /// A named pipe in the scripts' folder. Held open for writing, it never blocks the test; dropped, its reader
    /// sees the end.
    pub fn fifo(&self, name: &str) -> File {
        let path = self.path().join(name);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        File::options().read(true).write(true).open(path).unwrap()
    }
}

impl Drop for Stage {
    /// Ends what a failed test left: processes with a mark of this stage, and its keepers.
    fn drop(&mut self) {
        let own = self.path().display().to_string();
        let leave = |identity: Identity| {
            let _ = signal_exactly(identity, Signal::KILL);
        };
        for process in processes() {
            let pid = process.identity.pid;
            let is_keeper =
                command_line(pid).is_some_and(|line| line.contains("--socket") && line.contains(&own));
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mark = format!("KINFRA_RUN={own}");
            let is_marked =
                environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(mark.as_bytes()));
            if is_keeper || is_marked {
                leave(process.identity);
            }
        }
    }
}

/// Built beside the test program.
pub fn keeper_program() -> PathBuf {
    let test_program = std::env::current_exe().unwrap();
    let path = test_program.parent().and_then(Path::parent).unwrap().join("kinfra-keeper");
    assert!(path.exists(), "run: cargo build -p kinfra-keeper");
    path
}

pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not seen within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

pub async fn event(events: &mut Events, wanted: impl Fn(&KeeperEvent) -> bool) -> KeeperEvent {
    let next = async {
        loop {
            let event = events.recv().await.expect("the client ended");
            if wanted(&event) {
                return event;
            }
        }
    };
    timeout(PATIENCE, next).await.expect("no such event")
}

pub async fn exit_of(events: &mut Events, run: &str) -> ExitStatus {
    let is_it = |event: &KeeperEvent| matches!(event, KeeperEvent::Exited { run: ended, .. } if ended == run);
    match event(events, is_it).await {
        KeeperEvent::Exited { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

pub fn kill(pid: u32, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Live processes with this mark, whoever started them.
pub fn marked(run: &str) -> Vec<u32> {
    let all = processes().into_iter().filter(|process| !process.ended).map(|process| process.identity.pid);
    all.filter(|pid| carries_mark(*pid, run)).collect()
}
