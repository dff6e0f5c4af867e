//! The layout of log files: raw bytes in segments, and a side index of one record a chunk.
//!
//! For each stream of a node, in its log folder:
//!
//! - `stdout.00000001.log`: raw bytes as they were read from the pipe
//! - `stdout.00000001.idx`: records of [`RECORD_BYTES`], one for each chunk in the segment, little-endian
//!
//! Segments are numbered upward from 1; the oldest is deleted when there are more than [`SEGMENTS`].

use std::path::{Path, PathBuf};

pub const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
pub const SEGMENTS: usize = 8;
pub const RECORD_BYTES: usize = 32;

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

/// The stream's name in file names: `stdout` or `stderr`.
#[must_use]
pub fn segment_path(folder: &Path, stream: &str, number: u32) -> PathBuf {
    folder.join(format!("{stream}.{number:08}.log"))
}

#[must_use]
pub fn index_path(folder: &Path, stream: &str, number: u32) -> PathBuf {
    folder.join(format!("{stream}.{number:08}.idx"))
}
