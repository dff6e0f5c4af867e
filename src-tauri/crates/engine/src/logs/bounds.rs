//! Which part of a stream can hold the lines that are wanted: found in the side index, without reading the log.
//!
//! Theory of operation: the clock may have been set back, so times in a stream only mostly grow. The part begins at
//! the first chunk that isn't too old and ends with the last that isn't too new; within it each line is asked for
//! its own time. A segment's first and last chunk tell whether there can be such a chunk in it, unless the two clocks
//! say that one of them was set in between; so mostly one index is gone through.

use std::io;
use std::ops::ControlFlow;

use kinfra_keeper::segments::Record;

use super::filter::{Filter, WantedRun};
use super::lines::start_of_line;
use super::stream_view::StreamView;

/// Lines that begin at `from` or later and before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub from: u64,
    pub to: u64,
}

const MILLISECOND: u64 = 1_000_000;

impl Bounds {
    pub fn find(view: &mut StreamView, filter: &Filter, run: WantedRun) -> io::Result<Self> {
        let mut bounds = Self { from: 0, to: Self::end(view, filter)? };
        if let Some(since) = filter.since {
            bounds.from = since_when(view, since)?;
        }
        if run != WantedRun::Any {
            let of_run = of_run(view, run)?;
            bounds = Self { from: bounds.from.max(of_run.from), to: bounds.to.min(of_run.to) };
        }
        bounds.to = bounds.to.max(bounds.from);
        Ok(bounds)
    }

    /// Where the part ends, for those who know where they are.
    pub fn end(view: &mut StreamView, filter: &Filter) -> io::Result<u64> {
        filter.until.map_or(Ok(view.end()), |until| until_when(view, until))
    }
}

/// The beginning of the first line that may have ended at this moment or later.
fn since_when(view: &mut StreamView, since: u64) -> io::Result<u64> {
    for segment in view.segments().to_vec() {
        let index = view.index(segment.number)?;
        let (first, last) = index.first_and_last()?;
        if last.wall / MILLISECOND < since && clocks_agree(first, last) {
            continue;
        }
        let mut begins = (last.wall / MILLISECOND >= since).then_some(0);
        index.scan(|record, _| {
            if record.wall / MILLISECOND < since {
                return ControlFlow::Continue(());
            }
            begins = Some(record.offset);
            ControlFlow::Break(())
        })?;
        if let Some(begins) = begins {
            return start_of_line(view, segment.start + begins.min(segment.length));
        }
    }
    Ok(view.end())
}

/// The end of the last chunk that was read at this moment or earlier.
fn until_when(view: &mut StreamView, until: u64) -> io::Result<u64> {
    for segment in view.segments().to_vec().into_iter().rev() {
        let index = view.index(segment.number)?;
        let (first, last) = index.first_and_last()?;
        if first.wall / MILLISECOND > until && clocks_agree(first, last) {
            continue;
        }
        let mut ends = (last.wall / MILLISECOND <= until).then_some(segment.length);
        index.scan(|record, end| {
            if record.wall / MILLISECOND <= until {
                ends = Some(end.unwrap_or(segment.length));
            }
            ControlFlow::Continue(())
        })?;
        if let Some(ends) = ends {
            return Ok(segment.start + ends.min(segment.length));
        }
    }
    Ok(0)
}

/// Whether as much time went by on the wall as on the clock that nobody sets.
fn clocks_agree(first: Record, last: Record) -> bool {
    let passed = |from: u64, to: u64| i128::from(to) - i128::from(from);
    let difference = passed(first.wall, last.wall) - passed(first.monotonic, last.monotonic);
    difference.unsigned_abs() < u128::from(1_000 * MILLISECOND)
}

/// From the first chunk of a run to the end of its last.
fn of_run(view: &mut StreamView, run: WantedRun) -> io::Result<Bounds> {
    let mut bounds: Option<Bounds> = None;
    for segment in view.segments().to_vec() {
        view.index(segment.number)?.scan(|record, end| {
            if run.takes(record.run) {
                let from = segment.start + record.offset.min(segment.length);
                let to = segment.start + end.unwrap_or(segment.length).min(segment.length);
                bounds.get_or_insert(Bounds { from, to }).to = to;
            }
            ControlFlow::Continue(())
        })?;
    }
    // A line that another run left without an end has it in this one's first chunk.
    match bounds {
        Some(Bounds { from, to }) => Ok(Bounds { from: start_of_line(view, from)?, to }),
        None => Ok(Bounds { from: view.end(), to: view.end() }),
    }
}
