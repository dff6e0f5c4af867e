//! The side index of one segment, read where it is asked.
//!
//! Theory of operation: records are ordered by offset, so the one for a byte is found by halving, with a read of one
//! record for each step; the block around it is kept, because the next line mostly asks for the same or the next
//! one. However many chunks a segment has, one block is in memory.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use kinfra_keeper::segments::{self, RECORD_BYTES, Record};

/// Records per block: 16 KiB.
const BLOCK: u64 = 512;

pub struct Index {
    /// None when it is missing: the times and runs of its lines are not known.
    file: Option<File>,
    count: u64,
    /// The number of the block's first record.
    first: u64,
    block: Vec<Record>,
    /// What is known without an index: the time that the log was last written to.
    fallback: Record,
}

impl Index {
    pub fn open(folder: &Path, stream: &str, segment: u32) -> io::Result<Self> {
        let file = match File::open(segments::index_path(folder, stream, segment)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let bytes = file.as_ref().map(File::metadata).transpose()?.map_or(0, |metadata| metadata.len());
        let modified = fs::metadata(segments::segment_path(folder, stream, segment))
            .and_then(|metadata| metadata.modified());
        let since = modified.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let wall = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let fallback = Record { offset: 0, wall, monotonic: 0, run: 0 };
        // Rounded down: the last record may be torn.
        Ok(Self { file, count: bytes / RECORD_BYTES as u64, first: 0, block: Vec::new(), fallback })
    }

    /// The record of the chunk that holds this byte of the segment.
    pub fn at(&mut self, offset: u64) -> io::Result<Record> {
        if !self.block_covers(offset) {
            let next = self.first + self.block.len() as u64;
            self.load(next)?;
            if !self.block_covers(offset) {
                let following = self.following(offset)?;
                self.load(following.saturating_sub(1) / BLOCK * BLOCK)?;
            }
        }
        // The last that begins at or before it: a chunk that could not be written leaves a record with the offset
        // of the next one.
        let following = self.block.partition_point(|record| record.offset <= offset);
        Ok(following.checked_sub(1).map_or(self.fallback, |index| self.block[index]))
    }

    /// Calls for each record in order, with where its chunk ends if another follows.
    pub fn scan(&mut self, mut each: impl FnMut(Record, Option<u64>) -> ControlFlow<()>) -> io::Result<()> {
        let mut at = 0;
        let mut held: Option<Record> = None;
        while at < self.count {
            self.load(at)?;
            if self.block.is_empty() {
                break;
            }
            for record in &self.block {
                if held.replace(*record).is_some_and(|held| each(held, Some(record.offset)).is_break()) {
                    return Ok(());
                }
            }
            at += self.block.len() as u64;
        }
        if let Some(held) = held {
            let _ = each(held, None);
        }
        Ok(())
    }

    /// When its first and last chunk were read; without an index, when it was last written to.
    pub fn first_and_last(&mut self) -> io::Result<(Record, Record)> {
        if self.count == 0 {
            return Ok((self.fallback, self.fallback));
        }
        Ok((self.record(0)?.unwrap_or(self.fallback), self.record(self.count - 1)?.unwrap_or(self.fallback)))
    }

    fn block_covers(&self, offset: u64) -> bool {
        let (Some(first), Some(last)) = (self.block.first(), self.block.last()) else { return false };
        let is_last_block = self.first + self.block.len() as u64 >= self.count;
        (first.offset <= offset || self.first == 0) && (offset < last.offset || is_last_block)
    }

    /// How many records begin at or before this byte.
    fn following(&self, offset: u64) -> io::Result<u64> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.record(middle)? {
                Some(record) if record.offset <= offset => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    fn record(&self, number: u64) -> io::Result<Option<Record>> {
        let Some(file) = &self.file else { return Ok(None) };
        let mut bytes = [0; RECORD_BYTES];
        match file.read_exact_at(&mut bytes, number * RECORD_BYTES as u64) {
            Ok(()) => Ok(Some(Record::decode(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the block that begins at this record the present one.
    fn load(&mut self, first: u64) -> io::Result<()> {
        self.block.clear();
        self.first = first;
        let records = self.count.saturating_sub(first).min(BLOCK);
        let Some(file) = self.file.as_ref().filter(|_| records > 0) else { return Ok(()) };
        let mut bytes = vec![0; usize::try_from(records).unwrap_or(0) * RECORD_BYTES];
        match file.read_exact_at(&mut bytes, first * RECORD_BYTES as u64) {
            Ok(()) => self.block.extend(bytes.as_chunks::<RECORD_BYTES>().0.iter().map(Record::decode)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
