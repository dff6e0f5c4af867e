//! What services say of their own beginning.
//!
//! Theory of operation: a thread reads the socket all the time, because a full one would hold the services up.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

/// One process that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub port: u16,
    pub pid: u32,
    /// CLOCK_MONOTONIC in nanoseconds.
    pub at: i128,
}

pub struct Tells {
    folder: TempDir,
    received: Receiver<Told>,
}

impl Tells {
    pub fn listen() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("cannot make a folder: {error}"));
        let socket = UnixDatagram::bind(folder.path().join("socket"))
            .unwrap_or_else(|error| panic!("cannot listen to services: {error}"));
        let (sender, received) = channel();
        // It ends with the first message that nobody wants to have any more, or with the program.
        thread::spawn(move || {
            let mut bytes = [0; 128];
            while let Ok(length) = socket.recv(&mut bytes) {
                let told = std::str::from_utf8(&bytes[..length]).ok().and_then(read);
                if told.is_some_and(|told| sender.send(told).is_err()) {
                    return;
                }
            }
        });
        Self { folder, received }
    }

    pub fn socket(&self) -> PathBuf {
        Path::new(self.folder.path()).join("socket")
    }

    /// The next one that is wanted; all others before it are passed over.
    pub fn next(&self, patience: Duration, wanted: impl Fn(&Told) -> bool) -> Option<Told> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let told = self.received.recv_timeout(left).ok()?;
            if wanted(&told) {
                return Some(told);
            }
        }
    }
}

fn read(text: &str) -> Option<Told> {
    let mut words = text.split(' ');
    let (port, pid, at) = (words.next()?, words.next()?, words.next()?);
    Some(Told { port: port.parse().ok()?, pid: pid.parse().ok()?, at: at.parse().ok()? })
}

/// CLOCK_MONOTONIC in nanoseconds.
pub fn now() -> i128 {
    let now = clock_gettime(ClockId::Monotonic);
    i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec)
}

/// From one moment to another, in milliseconds.
pub fn milliseconds(from: i128, to: i128) -> f64 {
    (to - from) as f64 / 1e6
}
