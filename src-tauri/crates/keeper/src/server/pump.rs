//! Carries what comes out of one pipe to its log.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::{Rc, Weak};

use super::log_writer::{LogWriter, Moved};
use crate::platform::{Interest, Poller, Watched, set_apart};
use crate::segments::Bound;

/// The most that is read of one stream before all others had their turn.
pub const TURN_BYTES: usize = 1024 * 1024;

pub struct Pump {
    pub run: Rc<str>,
    pub stream: &'static str,
    /// The read end, non-blocking.
    pub source: Watched<OwnedFd>,
    number: u64,
    log: Rc<RefCell<LogWriter>>,
}

/// What one turn brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub wrote: bool,
    /// Nobody holds the write end any more.
    pub ended: bool,
}

impl Pump {
    /// Takes over the read end of a pipe.
    ///
    /// # Errors
    /// When it can't be made non-blocking, or not be watched.
    pub fn new(
        poller: &Rc<Poller>,
        run: Rc<str>,
        number: u64,
        stream: &'static str,
        source: OwnedFd,
        log: Rc<RefCell<LogWriter>>,
    ) -> io::Result<Self> {
        let source = set_apart(source);
        rustix::io::ioctl_fionbio(&source, true)?;
        let source = poller.watch(source, Interest::Readable)?;
        Ok(Self { run, stream, source, number, log })
    }

    /// Why what it takes is dropped at the moment, if it is.
    pub fn dropping(&self) -> Option<String> {
        self.log.borrow().dropping()
    }

    /// Whether what is written now would stay, where it did not.
    pub fn try_again(&self) {
        self.log.borrow_mut().try_again(self.number);
    }

    /// Takes all that the pipe holds, at most [`TURN_BYTES`], to the log.
    pub fn turn(&self, buffer: &mut [u8]) -> Turn {
        let moved = self.log.borrow_mut().splice(self.number, &self.source, TURN_BYTES);
        let Some(Moved { bytes, ended }) = moved else { return self.copy(buffer) };
        if ended {
            self.log.borrow_mut().finish(self.number);
        }
        Turn { wrote: bytes > 0, ended }
    }

    /// The way by this process's memory, for what can't be moved within the kernel: where a segment ends, and where
    /// nothing can be written, so that it is dropped.
    fn copy(&self, buffer: &mut [u8]) -> Turn {
        let mut filled = 0;
        let mut ended = false;
        while filled < buffer.len() {
            let room = buffer.len() - filled;
            match rustix::io::read(&*self.source, &mut buffer[filled..]) {
                Ok(0) => {
                    ended = true;
                    break;
                }
                Ok(read) => {
                    filled += read;
                    // A pipe gives all that it has at once.
                    if read < room {
                        break;
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                Err(_) => {
                    ended = true;
                    break;
                }
            }
        }
        let mut log = self.log.borrow_mut();
        if filled > 0 {
            log.append(self.number, &buffer[..filled]);
        }
        if ended {
            log.finish(self.number);
        }
        Turn { wrote: filled > 0, ended }
    }
}

/// Where the output of a run goes, and how much of it is kept there.
#[derive(Debug, Clone)]
pub struct LogPlace {
    pub folder: PathBuf,
    pub bytes: Option<u64>,
}

/// One writer for each stream of each folder, however many runs write there: a run's leftover may still print
/// while its successor does.
#[derive(Default)]
pub struct Logs {
    writers: HashMap<(PathBuf, &'static str), Weak<RefCell<LogWriter>>>,
}

impl Logs {
    /// The bound that is given last holds for all.
    pub fn writer(&mut self, log: &LogPlace, stream: &'static str) -> Rc<RefCell<LogWriter>> {
        self.writers.retain(|_, writer| writer.strong_count() > 0);
        let bound = Bound::of_stream(log.bytes);
        let key = (log.folder.clone(), stream);
        if let Some(writer) = self.writers.get(&key).and_then(Weak::upgrade) {
            writer.borrow_mut().keep(bound);
            return writer;
        }
        let writer = Rc::new(RefCell::new(LogWriter::new(&log.folder, stream, bound)));
        self.writers.insert(key, Rc::downgrade(&writer));
        writer
    }
}
