//! Pages of lines, merged over services and streams.
//!
//! Theory of operation: each stream gives those of its lines that are wanted in order, and a page always takes next
//! the line with the earliest time (walking back: the latest) among the heads of all streams. Within a stream the
//! order is the file's, whatever the clock did; between streams it is that of the chunks' times. A cursor holds one
//! place for each stream, so a page begins exactly where the one before it ended. Only the heads' places and the
//! lines of the page are held.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kinfra_keeper::segments::{STDERR, STDOUT};
use kinfra_rpc::{LogFilter, LogLine, LogPage, Stream};

use super::LogError;
use super::bounds::Bounds;
use super::cursor::{Cursor, Position};
use super::filter::{Filter, WantedRun};
use super::lines::{Backward, Forward, Lines, Place};
use super::redaction::Redactor;
use super::runs::{counted_back, wanted_run};
use super::source::Source;
use super::stream_view::StreamView;

/// Enough for the longest lines, and little enough to be held some times over.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Reads the logs of one project.
#[derive(Debug, Clone)]
pub struct LogReader {
    folders: Vec<(String, PathBuf)>,
    redactor: Arc<Redactor>,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin<'a> {
    /// With what follows a cursor.
    After(&'a str),
    Oldest,
    /// So that it ends with the newest line.
    Newest,
}

/// What the counted runs of each service are.
type Runs = BTreeMap<String, Option<u64>>;

impl LogReader {
    /// The name and the log folder of each service. A folder need not exist yet.
    #[must_use]
    pub fn new(folders: Vec<(String, PathBuf)>, redactor: Arc<Redactor>) -> Self {
        Self { folders, redactor }
    }

    /// Up to `limit` lines, oldest first wherever the page begins; fewer when they would be more than 8 MiB. A line
    /// that has no end yet comes with a later page. [`LogPage::runs`] is left to who knows when runs started.
    ///
    /// # Errors
    /// [`LogError::Cursor`] for a cursor that no page came with, [`LogError::Pattern`] for a pattern that is no regular
    /// expression, [`LogError::Io`] when a file can't be read.
    pub fn read(&self, begin: Begin<'_>, limit: usize, filter: &LogFilter) -> Result<LogPage, LogError> {
        let filter = Filter::new(filter)?;
        match begin {
            Begin::After(cursor) => {
                let cursor = Cursor::decode(cursor)?;
                let runs = cursor.runs.clone();
                self.forward(Some(&cursor), runs, limit, &filter)
            }
            Begin::Oldest => self.forward(None, self.runs(&filter)?, limit, &filter),
            Begin::Newest => self.newest(self.runs(&filter)?, limit, &filter),
        }
    }

    fn runs(&self, filter: &Filter) -> Result<Runs, LogError> {
        let Some(choice) = filter.run.filter(|choice| *choice <= 0) else { return Ok(Runs::new()) };
        let wanted = self.folders.iter().filter(|(service, _)| filter.wants_service(service));
        wanted.map(|(service, folder)| Ok((service.clone(), counted_back(folder, choice)?))).collect()
    }

    fn forward(
        &self,
        after: Option<&Cursor>,
        runs: Runs,
        limit: usize,
        filter: &Filter,
    ) -> Result<LogPage, LogError> {
        let mut sources = self.sources(filter, |service, stream, mut view| match after {
            None => {
                let Bounds { from, to } = Bounds::find(&mut view, filter, wanted(filter, &runs, service))?;
                Ok(Forward { view, place: Place { at: from, passed: 0 }, to })
            }
            Some(cursor) => {
                let place = place_of(&view, cursor.get(service, stream).unwrap_or_default());
                let to = Bounds::end(&mut view, filter)?;
                Ok(Forward { view, place, to })
            }
        })?;
        for source in &mut sources {
            source.run = wanted(filter, &runs, source.service);
        }
        advance_all(&mut sources, filter)?;
        let mut page = PageLines::new(limit);
        while !page.is_full() {
            let earliest = (0..sources.len())
                .filter_map(|index| Some((sources[index].head.as_ref()?.time, index)))
                .min()
                .map(|(_, index)| index);
            let Some(index) = earliest else { break };
            page.take_from(&mut sources[index], &self.redactor, filter)?;
        }
        let mut cursor = Cursor::new(runs);
        for source in &sources {
            cursor.push(source.service, source.stream, position_of(&source.walker.view, source.place));
        }
        Ok(LogPage { lines: page.lines, runs: vec![], cursor: cursor.encode()? })
    }

    fn newest(&self, runs: Runs, limit: usize, filter: &Filter) -> Result<LogPage, LogError> {
        let mut sources = self.sources(filter, |service, _, mut view| {
            let Bounds { from, to } = Bounds::find(&mut view, filter, wanted(filter, &runs, service))?;
            Backward::new(view, from, to)
        })?;
        for source in &mut sources {
            source.run = wanted(filter, &runs, source.service);
        }
        let mut cursor = Cursor::new(runs);
        for source in &mut sources {
            let place = source.walker.place();
            cursor.push(source.service, source.stream, position_of(source.walker.view(), place));
        }
        advance_all(&mut sources, filter)?;
        let lines = take_newest(&mut sources, limit, &self.redactor, filter)?;
        Ok(LogPage { lines, runs: vec![], cursor: cursor.encode()? })
    }

    fn sources<Walker>(
        &self,
        filter: &Filter,
        walker: impl Fn(&str, Stream, StreamView) -> io::Result<Walker>,
    ) -> Result<Vec<Source<'_, Walker>>, LogError> {
        let mut sources = Vec::new();
        for (service, folder) in &self.folders {
            for (stream, name) in [(Stream::Stdout, STDOUT), (Stream::Stderr, STDERR)] {
                let walker = StreamView::open(folder, name)
                    .and_then(|view| walker(service, stream, view))
                    .map_err(|error| LogError::Io { folder: folder.clone(), error })?;
                let wanted = filter.wants_service(service);
                let (run, head, place) = (WantedRun::Any, None, Place::default());
                sources.push(Source { service, stream, folder, wanted, run, walker, head, place });
            }
        }
        Ok(sources)
    }
}

fn wanted(filter: &Filter, runs: &Runs, service: &str) -> WantedRun {
    wanted_run(filter.run, runs.get(service).copied().flatten())
}

/// The last lines of one node's newest run over both streams, oldest first, for the page that says what happened. A last line
/// without an end counts: it may be the most telling. Empty when nothing can be read.
#[must_use]
pub fn last_lines(folder: &Path, limit: usize, redactor: &Arc<Redactor>) -> Vec<String> {
    let mut lines = newest_lines(folder, None, limit, redactor).unwrap_or_default();
    // What an earlier run said would look like this one's.
    if let Some(run) = lines.last().map(|line| line.run) {
        lines.retain(|line| line.run == run);
    }
    lines.into_iter().map(|line| line.text).collect()
}

/// The same of this very run, which may have said nothing, or be followed by another one already.
#[must_use]
pub fn last_lines_of(folder: &Path, run: u64, limit: usize, redactor: &Arc<Redactor>) -> Vec<String> {
    let lines = newest_lines(folder, Some(run), limit, redactor).unwrap_or_default();
    lines.into_iter().map(|line| line.text).collect()
}

fn newest_lines(
    folder: &Path,
    run: Option<u64>,
    limit: usize,
    redactor: &Arc<Redactor>,
) -> Result<Vec<LogLine>, LogError> {
    let reader = LogReader::new(vec![(String::new(), folder.to_owned())], Arc::clone(redactor));
    let wanted = run.map_or(WantedRun::Any, WantedRun::Only);
    let filter = Filter::new(&LogFilter { run: run.map(u64::cast_signed), ..LogFilter::default() })?;
    let mut sources = reader.sources(&filter, |_, _, mut view| {
        let Bounds { from, .. } = Bounds::find(&mut view, &filter, wanted)?;
        let end = view.end();
        Backward::new(view, from, end)
    })?;
    for source in &mut sources {
        source.run = wanted;
        let unfinished = source.walker.unfinished().map(|span| source.look_up(span)).transpose();
        let found = unfinished.and_then(|head| match head.filter(|head| wanted.takes(head.run)) {
            Some(head) => {
                source.head = Some(head.unfinished());
                Ok(())
            }
            None => source.advance(&filter),
        });
        found.map_err(|error| LogError::Io { folder: folder.to_owned(), error })?;
    }
    take_newest(&mut sources, limit, redactor, &filter)
}

/// From sources that have their heads.
fn take_newest(
    sources: &mut [Source<'_, Backward>],
    limit: usize,
    redactor: &Redactor,
    filter: &Filter,
) -> Result<Vec<LogLine>, LogError> {
    let mut page = PageLines::new(limit);
    while !page.is_full() {
        // Of the same time the last source: turned round, it is the order of walking forward.
        let latest = sources
            .iter_mut()
            .filter(|source| source.head.is_some())
            .max_by_key(|source| source.head.as_ref().map(|head| head.time));
        let Some(source) = latest else { break };
        page.take_from(source, redactor, filter)?;
    }
    page.lines.reverse();
    Ok(page.lines)
}

fn advance_all<Walker: Lines>(sources: &mut [Source<'_, Walker>], filter: &Filter) -> Result<(), LogError> {
    sources.iter_mut().try_for_each(|source| {
        source.advance(filter).map_err(|error| LogError::Io { folder: source.folder.to_owned(), error })
    })
}

/// What a page holds so far.
struct PageLines {
    lines: Vec<LogLine>,
    limit: usize,
    bytes: usize,
}

impl PageLines {
    fn new(limit: usize) -> Self {
        Self { lines: Vec::new(), limit, bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= self.limit || self.bytes >= PAGE_BYTES
    }

    fn take_from<Walker: Lines>(
        &mut self,
        source: &mut Source<'_, Walker>,
        redactor: &Redactor,
        filter: &Filter,
    ) -> Result<(), LogError> {
        let taken = source.take(redactor).and_then(|line| source.advance(filter).map(|()| line));
        let line = taken.map_err(|error| LogError::Io { folder: source.folder.to_owned(), error })?;
        self.bytes += line.as_ref().map_or(0, |line| line.text.len());
        self.lines.extend(line);
        Ok(())
    }
}

/// The beginning, when what the cursor points at is gone.
fn place_of(view: &StreamView, position: Position) -> Place {
    match view.offset_of(position) {
        Some(at) => Place { at, passed: position.passed },
        None => Place::default(),
    }
}

fn position_of(view: &StreamView, place: Place) -> Position {
    Position { passed: place.passed, ..view.position_of(place.at) }
}
