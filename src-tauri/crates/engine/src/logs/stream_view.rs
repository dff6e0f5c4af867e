//! One stream of one node as a single run of bytes, whatever segments it lies in.
//!
//! Theory of operation: a view is made for one page. It takes the segments and their sizes as they are at that
//! moment and ends there, though the keeper appends on. Offsets in the view count from the oldest segment. Only
//! a window of the bytes and a part of one segment's index are in memory. A segment that the keeper deletes
//! meanwhile reads as the view's beginning: what was in it is gone, which is what deleting means.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use kinfra_keeper::segments::{self, Record};

use super::cursor::Position;
use super::index::Index;

/// Some times the longest line, so that a window mostly serves many lines.
const WINDOW_BYTES: u64 = 256 * 1024;

pub struct StreamView {
    folder: PathBuf,
    stream: &'static str,
    segments: Vec<Segment>,
    window: Window,
    index: Option<(u32, Index)>,
}

#[derive(Debug, Clone, Copy)]
pub struct Segment {
    pub number: u32,
    /// In the view.
    pub start: u64,
    pub length: u64,
}

#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
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
        Ok(Self { folder, stream, segments, window: Window::default(), index: None })
    }

    pub fn end(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.start + segment.length)
    }

    /// Oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
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

    /// What is known of the chunk that holds this byte: when it was read, and from which run.
    pub fn record(&mut self, at: u64) -> io::Result<Option<Record>> {
        let Some(segment) = self.segment_of(at) else { return Ok(None) };
        self.index(segment.number)?.at(at - segment.start).map(Some)
    }

    pub fn index(&mut self, segment: u32) -> io::Result<&mut Index> {
        let index = match self.index.take() {
            Some((number, index)) if number == segment => index,
            _ => Index::open(&self.folder, self.stream, segment)?,
        };
        Ok(&mut self.index.insert((segment, index)).1)
    }

    /// The place in the view that a cursor means; none when what it points at is gone.
    pub fn offset_of(&self, position: Position) -> Option<u64> {
        self.segments
            .iter()
            .find(|segment| segment.number == position.segment && position.offset <= segment.length)
            .map(|segment| segment.start + position.offset)
    }

    pub fn position_of(&self, offset: u64) -> Position {
        match self.segment_of(offset).or(self.segments.last().copied()) {
            Some(segment) => Position { segment: segment.number, offset: offset - segment.start, passed: 0 },
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
