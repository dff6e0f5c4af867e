//! One stream of one node as a single run of bytes, whatever segments it lies in.
//!
//! Theory of operation: a view is made for one page. It takes the segments and their sizes as they are at that
//! moment and ends there, though the keeper appends on. Offsets in the view count from the oldest segment. Only
//! a window of the bytes and one segment's index are in memory. A segment that the keeper deletes meanwhile
//! reads as the view's beginning: what was in it is gone, which is what deleting means.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use kinfra_keeper::segments::{self, RECORD_BYTES, Record};

use super::cursor::Position;

/// Four times the longest line, so that a window mostly serves many lines.
const WINDOW_BYTES: u64 = 256 * 1024;

pub struct StreamView {
    folder: PathBuf,
    stream: &'static str,
    segments: Vec<Segment>,
    window: Window,
    times: Option<Times>,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    number: u32,
    /// In the view.
    start: u64,
    length: u64,
}

#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

/// When the chunks of one segment were read: (offset in the segment, milliseconds since 1970).
struct Times {
    segment: u32,
    chunks: Vec<(u64, u64)>,
    /// When there is no index: the file's own time.
    fallback: u64,
}

/// Which way the view is walked, and so where a window should lie around what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    Forward,
    Backward,
}

impl StreamView {
    pub fn open(folder: &Path, stream: &'static str) -> io::Result<Self> {
        let mut segments = Vec::new();
        let mut start = 0;
        for number in segments::numbers(folder, stream)? {
            let length = match fs::metadata(segments::segment_path(folder, stream, number)) {
                Ok(metadata) => metadata.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            segments.push(Segment { number, start, length });
            start += length;
        }
        let folder = folder.to_owned();
        Ok(Self { folder, stream, segments, window: Window::default(), times: None })
    }

    pub fn end(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.start + segment.length)
    }

    /// The bytes from `from` up to `to`, which must be within the view. Fewer from the beginning when a segment
    /// was deleted meanwhile.
    pub fn bytes(&mut self, from: u64, to: u64, walk: Walk) -> io::Result<&[u8]> {
        let to = to.min(self.end());
        let from = from.min(to);
        let covered = self.window.start <= from && to <= self.window.start + self.window.bytes.len() as u64;
        if !covered {
            let (start, end) = match walk {
                Walk::Forward => (from, to.max((from + WINDOW_BYTES).min(self.end()))),
                Walk::Backward => (from.min(to.saturating_sub(WINDOW_BYTES)), to),
            };
            self.load(start, end)?;
        }
        let offset = |position: u64| {
            let within = usize::try_from(position.saturating_sub(self.window.start)).unwrap_or(usize::MAX);
            within.min(self.window.bytes.len())
        };
        Ok(&self.window.bytes[offset(from)..offset(to)])
    }

    fn load(&mut self, start: u64, end: u64) -> io::Result<()> {
        self.window.bytes.clear();
        self.window.start = start;
        for segment in &self.segments {
            let from = start.max(segment.start);
            let to = end.min(segment.start + segment.length);
            if from >= to {
                continue;
            }
            let length = usize::try_from(to - from).unwrap_or(usize::MAX);
            let before = self.window.bytes.len();
            self.window.bytes.resize(before + length, 0);
            let read = File::open(segments::segment_path(&self.folder, self.stream, segment.number))
                .and_then(|file| file.read_exact_at(&mut self.window.bytes[before..], from - segment.start));
            match read {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {
                    self.window.bytes.clear();
                    self.window.start = to;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// When the chunk was read that holds this byte, in milliseconds since 1970.
    pub fn time(&mut self, at: u64) -> io::Result<u64> {
        let Some(segment) = self.segment_of(at) else { return Ok(0) };
        if self.times.as_ref().is_none_or(|times| times.segment != segment.number) {
            self.times = Some(self.load_times(segment.number)?);
        }
        let Some(times) = &self.times else { return Ok(0) };
        let offset = at - segment.start;
        // The last that begins at or before it: a chunk that could not be written leaves a record with the
        // offset of the next one.
        let following = times.chunks.partition_point(|(start, _)| *start <= offset);
        Ok(following.checked_sub(1).map_or(times.fallback, |index| times.chunks[index].1))
    }

    fn load_times(&self, segment: u32) -> io::Result<Times> {
        let index = match fs::read(segments::index_path(&self.folder, self.stream, segment)) {
            Ok(bytes) => bytes,
            Err(error) if is_gone(&error) => Vec::new(),
            Err(error) => return Err(error),
        };
        let (records, _torn) = index.as_chunks::<RECORD_BYTES>();
        let chunks =
            records.iter().map(Record::decode).map(|record| (record.offset, record.wall / 1_000_000));
        let modified = fs::metadata(segments::segment_path(&self.folder, self.stream, segment))
            .and_then(|metadata| metadata.modified());
        let fallback =
            modified.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let fallback = u64::try_from(fallback.as_millis()).unwrap_or(u64::MAX);
        Ok(Times { segment, chunks: chunks.collect(), fallback })
    }

    /// The place in the view that a cursor means: the beginning, when what it points at is gone.
    pub fn offset_of(&self, position: Position) -> u64 {
        self.segments
            .iter()
            .find(|segment| segment.number == position.segment && position.offset <= segment.length)
            .map_or(0, |segment| segment.start + position.offset)
    }

    pub fn position_of(&self, offset: u64) -> Position {
        match self.segment_of(offset).or(self.segments.last().copied()) {
            Some(segment) => Position { segment: segment.number, offset: offset - segment.start },
            None => Position::default(),
        }
    }

    fn segment_of(&self, offset: u64) -> Option<Segment> {
        let following = self.segments.partition_point(|segment| segment.start + segment.length <= offset);
        self.segments.get(following).copied()
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof)
}
