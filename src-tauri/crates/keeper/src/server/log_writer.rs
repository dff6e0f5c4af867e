//! Appends one stream of one node to its segments: the keeper what its children print, and the engine what is printed
//! elsewhere, by a container and the like.
//!
//! Theory of operation: a writer opens the newest segment when it first has something to write, goes on where
//! the last keeper stopped, and begins the next segment when a chunk doesn't fit, deleting the oldest ones. It never
//! fails: what can't be written is dropped and counted, and as soon as writing works again one marker line says
//! how much was lost. A chunk that could be written only in part is taken back, so a reader never sees half.
//!
//! What a pipe holds is moved to the file by splice(2), within the kernel: a keeper that is killed has either left it
//! in the pipe, where the next one finds it, or written it. Only at the end of a segment it goes through memory, since
//! there lines must be looked for.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::pipe::{SpliceFlags, splice};
use rustix::time::{ClockId, clock_gettime};

use crate::platform::set_apart;
use crate::segments::{self, Bound, LOST, RECORD_BYTES, Record};

pub struct LogWriter {
    folder: PathBuf,
    stream: &'static str,
    bound: Bound,
    segment: Option<Segment>,
    lost: Option<Loss>,
    /// When what is being appended was printed, in nanoseconds since 1970; none: now.
    at: Option<u64>,
}

struct Segment {
    number: u32,
    log: File,
    index: File,
    size: u64,
    records: u64,
    /// The run that wrote last, while its last line has no end yet.
    open_line: Option<u64>,
}

/// What was moved from a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub bytes: usize,
    /// Nobody holds the write end any more.
    pub ended: bool,
}

struct Loss {
    bytes: u64,
    error: io::Error,
}

impl LogWriter {
    #[must_use]
    pub fn new(folder: &Path, stream: &'static str, bound: Bound) -> Self {
        Self { folder: folder.to_owned(), stream, bound, segment: None, lost: None, at: None }
    }

    /// From the next segment on.
    pub fn keep(&mut self, bound: Bound) {
        self.bound = bound;
    }

    /// Appends one chunk of a run's output.
    pub fn append(&mut self, run: u64, bytes: &[u8]) {
        if let Err((written, error)) = self.try_append(run, bytes) {
            let before = self.lost.take().map_or(0, |lost| lost.bytes);
            self.lost = Some(Loss { bytes: before + (bytes.len() - written) as u64, error });
            // Whatever was wrong with this file, the next chunk shall look afresh.
            self.segment = None;
        }
    }

    /// The same, of what was printed at this time, in nanoseconds since 1970: somebody else kept it until now.
    pub fn append_as_of(&mut self, run: u64, at: u64, bytes: &[u8]) {
        self.at = Some(at);
        self.append(run, bytes);
        self.at = None;
    }

    /// When the newest chunk was printed, in nanoseconds since 1970. None: there is none, or it can't be told.
    #[must_use]
    pub fn newest(&mut self) -> Option<u64> {
        self.segment().ok()?.newest()
    }

    /// Moves what a pipe holds to the log, at most so many bytes, as one chunk. None when it has to be read instead.
    pub fn splice(&mut self, run: u64, pipe: &OwnedFd, most: usize) -> Option<Moved> {
        if self.lost.is_some() {
            return None;
        }
        let segment_bytes = self.bound.segment_bytes;
        let segment = self.segment().ok()?;
        if segment.open_line.is_some_and(|other| other != run) {
            return None;
        }
        segment.splice(run, pipe, most, segment_bytes)
    }

    /// Why output is dropped at the moment, if it is.
    #[must_use]
    pub fn dropping(&self) -> Option<String> {
        self.lost.as_ref().map(|lost| match lost.error.kind() {
            io::ErrorKind::StorageFull => "the disk is full".to_owned(),
            io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
            _ => lost.error.to_string(),
        })
    }

    /// Whether writing works again, where it did not: then the marker line is written.
    pub fn try_again(&mut self, run: u64) {
        if self.lost.is_some() {
            self.append(run, b"");
        }
    }

    /// Ends the line that the run left without an end: nothing more will come from it.
    pub fn finish(&mut self, run: u64) {
        if self.segment.as_ref().is_some_and(|segment| segment.open_line == Some(run)) {
            self.append(run, b"\n");
        }
    }

    /// On failure, how many of the bytes were written all the same.
    fn try_append(&mut self, run: u64, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let open_line = self.segment().map_err(|error| (0, error))?.open_line;
        if let Some(lost) = &self.lost {
            let end = if open_line.is_some() { "\n" } else { "" };
            let marker = format!("{end}{LOST} {} bytes of log here: {}\n", lost.bytes, lost.error);
            self.write(run, marker.as_bytes()).map_err(|(_, error)| (0, error))?;
            self.lost = None;
        } else if open_line.is_some_and(|other| other != run) {
            self.write(run, b"\n").map_err(|(_, error)| (0, error))?;
        }
        self.write(run, bytes)
    }

    fn write(&mut self, run: u64, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let mut written = 0;
        let (segment_bytes, at) = (self.bound.segment_bytes, self.at);
        while written < bytes.len() {
            let segment = self.segment().map_err(|error| (written, error))?;
            let part = segment.fitting(&bytes[written..], segment_bytes);
            if part.is_empty() {
                let next = segment.number + 1;
                let opened = self.create(next).map_err(|error| (written, error))?;
                self.segment = Some(opened);
                continue;
            }
            segment.write(run, part, at).map_err(|error| (written, error))?;
            written += part.len();
        }
        Ok(())
    }

    /// The segment to write to; opened anew when it was deleted by someone else.
    fn segment(&mut self) -> io::Result<&mut Segment> {
        let current = match self.segment.take() {
            Some(segment) if segment.log.metadata()?.nlink() > 0 => segment,
            _ => match segments::numbers(&self.folder, self.stream)?.last() {
                Some(newest) => Segment::open(&self.folder, self.stream, *newest)?,
                None => self.create(1)?,
            },
        };
        Ok(self.segment.insert(current))
    }

    fn create(&self, number: u32) -> io::Result<Segment> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let segment = Segment::open(&self.folder, self.stream, number)?;
        self.make_room(number)?;
        Ok(segment)
    }

    /// Deletes what the bound has no room for, once this segment is full. By bytes: those of another bound may be of
    /// another size.
    fn make_room(&self, newest: u32) -> io::Result<()> {
        let mut room = Some(self.bound.stream_bytes - self.bound.segment_bytes);
        let numbers = segments::numbers(&self.folder, self.stream)?;
        for old in numbers.into_iter().rev().filter(|number| *number < newest) {
            let log = segments::segment_path(&self.folder, self.stream, old);
            room = room.and_then(|room| room.checked_sub(log.metadata().map_or(0, |file| file.len())));
            if room.is_none() {
                // One that can't be deleted is tried again with the next segment.
                let _ = std::fs::remove_file(log);
                let _ = std::fs::remove_file(segments::index_path(&self.folder, self.stream, old));
            }
        }
        Ok(())
    }
}

impl Segment {
    fn open(folder: &Path, stream: &str, number: u32) -> io::Result<Self> {
        let open = |path: PathBuf| {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
        };
        let log = set_apart(open(segments::segment_path(folder, stream, number))?);
        let index = set_apart(open(segments::index_path(folder, stream, number))?);
        let size = log.metadata()?.len();
        // Rounded down: a record of which only a part was written is overwritten.
        let records = index.metadata()?.len() / RECORD_BYTES as u64;
        let mut segment = Self { number, log, index, size, records, open_line: None };
        let mut last = [b'\n'];
        if size > 0 {
            segment.log.read_exact_at(&mut last, size - 1)?;
        }
        if last != [b'\n'] {
            let mut record = [0; RECORD_BYTES];
            let known = records > 0
                && segment.index.read_exact_at(&mut record, (records - 1) * RECORD_BYTES as u64).is_ok();
            segment.open_line = Some(if known { Record::decode(&record).run } else { 0 });
        }
        Ok(segment)
    }

    /// How much of the bytes goes into this segment: as many whole lines as there is room for. A line that is
    /// longer than the room of an empty segment is cut.
    fn fitting<'a>(&self, bytes: &'a [u8], segment_bytes: u64) -> &'a [u8] {
        let room = usize::try_from(segment_bytes.saturating_sub(self.size)).unwrap_or(usize::MAX);
        if bytes.len() <= room {
            return bytes;
        }
        match bytes[..room].iter().rposition(|byte| *byte == b'\n') {
            Some(end) => &bytes[..=end],
            None if self.size == 0 => &bytes[..room],
            None => &[],
        }
    }

    /// First, so that whoever sees the bytes finds their time. Without it they have the time of those before.
    fn note(&mut self, run: u64, at: Option<u64>) {
        let wall = at.unwrap_or_else(wall_clock);
        let record = Record { offset: self.size, wall, monotonic: monotonic_clock(), run }.encode();
        if self.index.write_all_at(&record, self.records * RECORD_BYTES as u64).is_ok() {
            self.records += 1;
        }
    }

    fn newest(&self) -> Option<u64> {
        let mut record = [0; RECORD_BYTES];
        let last = self.records.checked_sub(1)? * RECORD_BYTES as u64;
        self.index.read_exact_at(&mut record, last).ok()?;
        Some(Record::decode(&record).wall)
    }

    /// None when nothing was moved and it has to be read instead.
    fn splice(&mut self, run: u64, pipe: &OwnedFd, most: usize, segment_bytes: u64) -> Option<Moved> {
        let room = usize::try_from(segment_bytes.saturating_sub(self.size)).unwrap_or(usize::MAX);
        if room <= most {
            return None;
        }
        let records = self.records;
        self.note(run, None);
        let mut moved = Moved { bytes: 0, ended: false };
        let mut at = self.size;
        while moved.bytes < most {
            match splice(pipe, None, &self.log, Some(&mut at), most - moved.bytes, SpliceFlags::NONBLOCK) {
                Ok(0) => {
                    moved.ended = true;
                    break;
                }
                Ok(bytes) => moved.bytes += bytes,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                // A full disk, or a file system that can't: what is still in the pipe is read.
                Err(_) if moved.bytes == 0 => {
                    self.records = records;
                    return None;
                }
                Err(_) => break,
            }
        }
        if moved.bytes == 0 {
            // The next chunk takes the record's place.
            self.records = records;
            return Some(moved);
        }
        self.size += moved.bytes as u64;
        let mut last = [b'\n'];
        // Unknown is taken for whole: at worst two lines are glued.
        let _ = self.log.read_exact_at(&mut last, self.size - 1);
        self.open_line = (last != [b'\n']).then_some(run);
        Some(moved)
    }

    fn write(&mut self, run: u64, bytes: &[u8], at: Option<u64>) -> io::Result<()> {
        self.note(run, at);
        if let Err(error) = self.log.write_all_at(bytes, self.size) {
            // If this fails too, half a chunk stays, which is better than none.
            let _ = self.log.set_len(self.size);
            return Err(error);
        }
        self.size += bytes.len() as u64;
        self.open_line = (bytes.last() != Some(&b'\n')).then_some(run);
        Ok(())
    }
}

/// Nanoseconds since 1970.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn monotonic_clock() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests;
