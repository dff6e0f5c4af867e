//! The layout of log files: raw bytes in segments, and a side index of one record a chunk.
//!
//! For each stream of a node, in its log folder:
//!
//! - `stdout.00000001.log`: raw bytes as they were read from the pipe. The keeper adds two things: a line's end
//!   where a run ended within a line, and a line that begins with [`LOST`] where a full disk made it drop bytes
//! - `stdout.00000001.idx`: records of [`RECORD_BYTES`], one for each chunk in the segment, little-endian
//!
//! Segments are numbered upward from 1; with each new one the oldest are deleted that have no room in the [`Bound`] any more.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// What is kept of a node's log when nobody says how much: of both streams together.
pub const LOG_BYTES: u64 = 128 * 1024 * 1024;

/// A stream has no fewer segments when its bound is reached: so much of it goes at once.
const LEAST_SEGMENTS: u64 = 8;

/// More are begun instead of longer ones: a search reads a segment as a whole.
const LONGEST_SEGMENT: u64 = 8 * 1024 * 1024;

/// Two pages, whatever the bound: one that only a stranger asks for.
const SHORTEST_SEGMENT: u64 = 8 * 1024;

pub const RECORD_BYTES: usize = 32;

/// How the line begins that says how many bytes could not be written, and why.
pub const LOST: &str = "[kinfra] lost";

/// The streams of a node, as file names have them.
pub const STDOUT: &str = "stdout";
pub const STDERR: &str = "stderr";

/// One chunk: where it begins in its segment, when it was read, and by which run it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub offset: u64,
    /// Nanoseconds since 1970.
    pub wall: u64,
    /// CLOCK_MONOTONIC in nanoseconds.
    pub monotonic: u64,
    pub run: u64,
}

impl Record {
    #[must_use]
    pub fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        for (slot, value) in bytes.chunks_exact_mut(8).zip([self.offset, self.wall, self.monotonic, self.run])
        {
            slot.copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    #[must_use]
    pub fn decode(bytes: &[u8; RECORD_BYTES]) -> Self {
        let field = |index: usize| {
            let mut value = [0; 8];
            value.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
            u64::from_le_bytes(value)
        };
        Self { offset: field(0), wall: field(1), monotonic: field(2), run: field(3) }
    }
}

/// How much is kept of one stream, in bytes of text; its index comes on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    pub segment_bytes: u64,
    /// Of all segments together.
    pub stream_bytes: u64,
}

impl Bound {
    /// Half of what is kept of both streams together; none: of [`LOG_BYTES`].
    #[must_use]
    pub fn of_stream(log_bytes: Option<u64>) -> Self {
        let half = log_bytes.unwrap_or(LOG_BYTES) / 2;
        let segment_bytes = (half / LEAST_SEGMENTS).clamp(SHORTEST_SEGMENT, LONGEST_SEGMENT);
        Self { segment_bytes, stream_bytes: half.max(segment_bytes) }
    }
}

/// The stream's name in file names: `stdout` or `stderr`.
#[must_use]
pub fn segment_path(folder: &Path, stream: &str, number: u32) -> PathBuf {
    folder.join(format!("{stream}.{number:08}.log"))
}

#[must_use]
pub fn index_path(folder: &Path, stream: &str, number: u32) -> PathBuf {
    folder.join(format!("{stream}.{number:08}.idx"))
}

/// The numbers of the segments that a stream has, in order.
///
/// # Errors
/// When the folder can't be read; a folder that doesn't exist has no segments.
pub fn numbers(folder: &Path, stream: &str) -> io::Result<Vec<u32>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let number: Option<u32> = name.to_str().and_then(|name| {
            name.strip_prefix(stream)?.strip_prefix('.')?.strip_suffix(".log")?.parse().ok()
        });
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}
