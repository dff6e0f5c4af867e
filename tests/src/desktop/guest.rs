use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A program that has not ended by then is killed.
const GRACE: Duration = Duration::from_secs(3);

/// A program that a test starts (X server, bus, daemon, the app): ended and reaped when dropped, also by a panic.
#[derive(Debug)]
pub struct Guest {
    name: String,
    child: Child,
}

impl Guest {
    /// Starts it; what it says on stderr is added to a log, since it would bypass the test's own output.
    #[track_caller]
    pub fn start(command: &mut Command, log: &File) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = log.try_clone().unwrap();
        let child = command
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {name}: {error}; ./dev test installs it"));
        Self { name, child }
    }

    /// Starts it and hands it a text on stdin, which ends there.
    #[track_caller]
    pub fn start_with(command: &mut Command, input: &str, log: &File) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {name}: {error}; ./dev test installs it"));
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Self { name, child }
    }

    /// Starts it and waits for the line on stdout that says where it is to be reached.
    #[track_caller]
    pub fn start_and_read_line(command: &mut Command, log: &File, timeout: Duration) -> (Self, String) {
        let mut guest = Self::start(command.stdout(Stdio::piped()), log);
        let stdout = guest.child.stdout.take().unwrap();
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            // Nobody may be waiting any more; what comes later is read, so that the pipe never fills.
            while let Some(Ok(line)) = lines.next() {
                let _ = sender.send(line);
            }
        });
        let line = receiver
            .recv_timeout(timeout)
            .unwrap_or_else(|error| panic!("{} did not say where it is: {error}", guest.name));
        (guest, line.trim().to_owned())
    }
}

impl Guest {
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Asked first: an X server that is killed leaves its socket and its lock behind. It may also have ended by
        // itself, with its display or its bus; and a panic here would hide the test's own.
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + GRACE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
