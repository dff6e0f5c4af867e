//! Whether everything was written that a service printed, also what is deleted again because the log has a bound.
//!
//! Theory of operation: each segment is opened as soon as it is there, which is long before it is deleted, so its
//! bytes can be read when all is over. Lines begin with their number.

use std::collections::BTreeMap;
use std::fs::{File, read_dir};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Eight segments are there at once, and each takes some tens of milliseconds to be filled.
const LOOK: Duration = Duration::from_millis(3);

#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// Lines that were written, each after the one before it.
    pub in_order: u64,
    /// Lines that are still there in the end.
    pub at_the_end: u64,
}

impl Kept {
    /// Follows a log folder until all has ended.
    pub fn watch(folder: &Path, ended: &AtomicBool) -> Self {
        let mut opened: BTreeMap<PathBuf, File> = BTreeMap::new();
        loop {
            let last = ended.load(Ordering::Relaxed);
            for path in segments(folder) {
                if !opened.contains_key(&path)
                    && let Ok(file) = File::open(&path)
                {
                    opened.insert(path, file);
                }
            }
            if last {
                break;
            }
            sleep(LOOK);
        }
        let mut kept = Self::default();
        for (path, mut file) in opened {
            let mut bytes = vec![];
            file.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let is_there = path.exists();
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                let number = line.get(..10).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
                kept.in_order += u64::from(number == Some(kept.in_order));
                kept.at_the_end += u64::from(is_there);
            }
        }
        kept
    }
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = read_dir(folder) else { return vec![] };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_output = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("stdout.") && name.ends_with(".log")
    };
    paths.filter(is_output).collect()
}
