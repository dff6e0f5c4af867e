//! Which runs of a node its logs know.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use kinfra_keeper::segments::{STDERR, STDOUT};

use super::LogError;
use super::filter::WantedRun;
use super::stream_view::StreamView;

/// A run of which output is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRun {
    pub run: u64,
    /// When its first chunk that is kept was read, in milliseconds since 1970.
    pub first: u64,
    /// The same of its last one.
    pub last: u64,
}

/// The runs in the log folder of a node, the oldest first. Only the index is read.
///
/// # Errors
/// [`LogError::Io`] when a file can't be read.
pub fn known_runs(folder: &Path) -> Result<Vec<KnownRun>, LogError> {
    scan(folder).map_err(|error| LogError::Io { folder: folder.to_owned(), error })
}

fn scan(folder: &Path) -> io::Result<Vec<KnownRun>> {
    let mut runs: BTreeMap<u64, KnownRun> = BTreeMap::new();
    for stream in [STDOUT, STDERR] {
        let mut view = StreamView::open(folder, stream)?;
        for segment in view.segments().to_vec() {
            view.index(segment.number)?.scan(|record, _| {
                let time = record.wall / 1_000_000;
                let known = KnownRun { run: record.run, first: time, last: time };
                let known = runs.entry(record.run).or_insert(known);
                known.first = known.first.min(time);
                known.last = known.last.max(time);
                ControlFlow::Continue(())
            })?;
        }
    }
    let mut runs: Vec<KnownRun> = runs.into_values().filter(|known| known.run > 0).collect();
    // By time: the numbers begin anew when the database was lost.
    runs.sort_by_key(|known| (known.last, known.run));
    Ok(runs)
}

/// The run that a number at or below 0 means: counted back from the newest.
pub fn counted_back(folder: &Path, choice: i64) -> Result<Option<u64>, LogError> {
    let back = usize::try_from(choice.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(known_runs(folder)?.iter().rev().nth(back).map(|known| known.run))
}

/// What a choice of runs means, once it is known which run was counted back to.
pub fn wanted_run(choice: Option<i64>, counted: Option<u64>) -> WantedRun {
    match (choice, counted) {
        (None, _) | (Some(0), None) => WantedRun::Any,
        (Some(0), Some(newest)) => WantedRun::From(newest),
        (Some(number), _) if number > 0 => WantedRun::Only(number.unsigned_abs()),
        (Some(_), Some(run)) => WantedRun::Only(run),
        (Some(_), None) => WantedRun::Nothing,
    }
}
