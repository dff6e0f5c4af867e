//! What the client knows of each run: enough to hand it over to another keeper.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use kinfra_keeper::platform::{exit_of, identity_of, is_reaped, watch};
use kinfra_keeper::protocol::{Adopt, ExitStatus, Identity, Run, Spawn};

pub struct Held {
    pub number: u64,
    pub leader: Identity,
    pub log_folder: PathBuf,
    pub log_bytes: Option<u64>,
    pub pipes: Pipes,
    pub ended: Option<ExitStatus>,
    /// Why what it prints is dropped, as far as was told.
    pub dropping: Option<String>,
    /// The leader's pidfd. How a leader ends between two keepers is known by nothing else, and only if this was there
    /// before its end: so it is held from the first moment on.
    pub watch: Option<OwnedFd>,
}

/// Dups of the read ends, held and never read: while they are open, no output is lost with a keeper.
#[derive(Default)]
pub struct Pipes {
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

/// From the descriptors of a message that says which ones they are: its pipes, and its leader's pidfd.
pub fn of_message(
    stdout: bool,
    stderr: bool,
    watch: bool,
    descriptors: Vec<OwnedFd>,
) -> (Pipes, Option<OwnedFd>) {
    let mut descriptors = descriptors.into_iter();
    let [stdout, stderr, watch] =
        [stdout, stderr, watch].map(|is_there| if is_there { descriptors.next() } else { None });
    (Pipes { stdout, stderr }, watch)
}

impl Pipes {
    pub fn is_empty(&self) -> bool {
        self.stdout.is_none() && self.stderr.is_none()
    }
}

impl Held {
    pub fn spawned(spawn: &Spawn, leader: Identity, watch: bool, descriptors: Vec<OwnedFd>) -> Self {
        let (pipes, watch) = of_message(true, true, watch, descriptors);
        Self {
            number: spawn.number,
            leader,
            log_folder: spawn.log_folder.clone(),
            log_bytes: spawn.log_bytes,
            pipes,
            ended: None,
            dropping: None,
            watch,
        }
    }

    pub fn listed(run: &Run) -> Self {
        Self {
            number: run.number,
            leader: run.identity,
            log_folder: run.log_folder.clone(),
            log_bytes: run.log_bytes,
            pipes: Pipes::default(),
            ended: run.ended,
            dropping: None,
            watch: None,
        }
    }

    /// Nobody holds the process now. A keeper of before protocol 3 has given no pidfd of it.
    pub fn begin_watch(&mut self) {
        if self.ended.is_none() && self.watch.is_none() {
            // An error means that there are too few descriptors: then its code may be lost.
            self.watch = watch(self.leader).ok().flatten();
        }
    }

    /// Whether as much is known of its end as ever will be.
    pub fn is_clear(&self) -> bool {
        let Some(watch) = &self.watch else { return true };
        // Before Linux 6.9 a pidfd doesn't tell that somebody has waited.
        is_reaped(watch) || identity_of(self.leader.pid) != Some(self.leader)
    }

    /// How it ended while nobody held it, as far as the kernel tells.
    pub fn unseen_end(&self, at: u64) -> ExitStatus {
        let (code, signal) = self.watch.as_ref().map_or((None, None), exit_of);
        ExitStatus { code, signal, at }
    }

    /// What another keeper must be told, with dups of the pipes: it may be lost as well.
    ///
    /// # Errors
    /// When this process has too many files open.
    pub fn adopt(&self, run: &str) -> io::Result<(Adopt, Vec<OwnedFd>)> {
        let adopt = Adopt {
            run: run.to_owned(),
            number: self.number,
            identity: self.leader,
            log_folder: self.log_folder.clone(),
            log_bytes: self.log_bytes,
            stdout: self.pipes.stdout.is_some(),
            stderr: self.pipes.stderr.is_some(),
        };
        let pipes = self.pipes.stdout.iter().chain(&self.pipes.stderr);
        Ok((adopt, pipes.map(OwnedFd::try_clone).collect::<io::Result<_>>()?))
    }
}
