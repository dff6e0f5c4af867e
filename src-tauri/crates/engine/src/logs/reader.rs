//! Pages of lines, merged over services and streams.
//!
//! Theory of operation: each stream gives its lines in order, and a page always takes next the line with the
//! earliest time (walking back: the latest) among the heads of all streams. Within a stream the order is the
//! file's, whatever the clock did; between streams it is that of the chunks' times. A cursor holds one place for
//! each stream, so a page begins exactly where the one before it ended.

use std::io;
use std::path::{Path, PathBuf};

use kinfra_keeper::segments::{STDERR, STDOUT};
use kinfra_rpc::{LogFilter, LogLine, LogPage, Stream};

use super::LogError;
use super::cursor::Cursor;
use super::lines::{Backward, Forward, Line};
use super::stream_view::StreamView;

/// Reads the logs of one project.
#[derive(Debug, Clone)]
pub struct LogReader {
    folders: Vec<(String, PathBuf)>,
}

struct Source<'a, Walker> {
    service: &'a str,
    stream: Stream,
    folder: &'a Path,
    wanted: bool,
    walker: Walker,
    /// The line to be taken next.
    head: Option<Line>,
}

impl LogReader {
    /// The name and the log folder of each service. A folder need not exist yet.
    #[must_use]
    pub fn new(folders: Vec<(String, PathBuf)>) -> Self {
        Self { folders }
    }

    /// With `after`, up to `limit` lines that follow that cursor; without, the newest `limit` lines. Oldest first
    /// in both cases. A line that has no end yet comes with a later page.
    ///
    /// # Errors
    /// [`LogError::Cursor`] for a cursor that no page came with, [`LogError::Io`] when a file can't be read.
    pub fn read(&self, after: Option<&str>, limit: usize, filter: &LogFilter) -> Result<LogPage, LogError> {
        let filter = Filter::new(filter);
        match after {
            Some(cursor) => self.following(&Cursor::decode(cursor)?, limit, &filter),
            None => self.newest(limit, &filter),
        }
    }

    fn following(&self, after: &Cursor, limit: usize, filter: &Filter) -> Result<LogPage, LogError> {
        let mut sources = self.sources(filter, |service, stream, view| {
            let at = after.get(service, stream).map_or(0, |position| view.offset_of(position));
            Ok(Forward { view, at })
        })?;
        let mut places: Vec<u64> = sources.iter().map(|source| source.walker.at).collect();
        let next = |source: &mut Source<'_, Forward>| source.walker.next_line();
        advance_all(&mut sources, next)?;
        let mut lines = Vec::new();
        while lines.len() < limit {
            let earliest = (0..sources.len())
                .filter_map(|index| Some((sources[index].head.as_ref()?.time, index)))
                .min()
                .map(|(_, index)| index);
            let Some(index) = earliest else { break };
            let source = &mut sources[index];
            places[index] = source.walker.at;
            lines.extend(source.head.take().filter(|line| filter.takes(line)).map(|line| source.named(line)));
            advance(source, next)?;
        }
        let mut cursor = Cursor::default();
        for (source, place) in sources.iter().zip(places) {
            cursor.push(source.service, source.stream, source.walker.view.position_of(place));
        }
        Ok(LogPage { lines, cursor: cursor.encode()? })
    }

    fn newest(&self, limit: usize, filter: &Filter) -> Result<LogPage, LogError> {
        let mut sources = self.sources(filter, |_, _, view| Backward::new(view))?;
        let mut cursor = Cursor::default();
        for source in &sources {
            let end = source.walker.view.position_of(source.walker.end());
            cursor.push(source.service, source.stream, end);
        }
        let lines = take_newest(&mut sources, limit, filter)?;
        Ok(LogPage { lines, cursor: cursor.encode()? })
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
                let wanted = filter.services.is_empty() || filter.services.contains(service);
                sources.push(Source { service, stream, folder, wanted, walker, head: None });
            }
        }
        Ok(sources)
    }
}

/// The last lines of one node over both streams, oldest first, for the page that says what happened. A last line
/// without an end counts: it may be the most telling. Empty when nothing can be read.
#[must_use]
pub fn last_lines(folder: &Path, limit: usize) -> Vec<String> {
    let reader = LogReader::new(vec![(String::new(), folder.to_owned())]);
    let everything = Filter::new(&LogFilter::default());
    let newest = reader.sources(&everything, |_, _, view| Backward::new(view)).and_then(|mut sources| {
        for source in &mut sources {
            advance(source, |source| source.walker.unfinished())?;
        }
        take_newest(&mut sources, limit, &everything)
    });
    newest.unwrap_or_default().into_iter().map(|line| line.text).collect()
}

/// Heads that are there already are taken into account.
fn take_newest(
    sources: &mut [Source<'_, Backward>],
    limit: usize,
    filter: &Filter,
) -> Result<Vec<LogLine>, LogError> {
    let previous = |source: &mut Source<'_, Backward>| source.walker.previous_line();
    for source in sources.iter_mut().filter(|source| source.head.is_none()) {
        advance(source, previous)?;
    }
    let mut lines = Vec::new();
    while lines.len() < limit {
        // Of the same time the last source: turned round, it is the order of walking forward.
        let latest = sources
            .iter_mut()
            .filter(|source| source.head.is_some())
            .max_by_key(|source| source.head.as_ref().map(|line| line.time));
        let Some(source) = latest else { break };
        lines.extend(source.head.take().filter(|line| filter.takes(line)).map(|line| source.named(line)));
        advance(source, previous)?;
    }
    lines.reverse();
    Ok(lines)
}

fn advance_all<Walker>(
    sources: &mut [Source<'_, Walker>],
    step: impl Fn(&mut Source<'_, Walker>) -> io::Result<Option<Line>>,
) -> Result<(), LogError> {
    sources.iter_mut().try_for_each(|source| advance(source, &step))
}

fn advance<Walker>(
    source: &mut Source<'_, Walker>,
    step: impl Fn(&mut Source<'_, Walker>) -> io::Result<Option<Line>>,
) -> Result<(), LogError> {
    if source.wanted {
        source.head =
            step(source).map_err(|error| LogError::Io { folder: source.folder.to_owned(), error })?;
    }
    Ok(())
}

impl<Walker> Source<'_, Walker> {
    fn named(&self, line: Line) -> LogLine {
        LogLine { service: self.service.to_owned(), stream: self.stream, time: line.time, text: line.text }
    }
}

struct Filter {
    services: Vec<String>,
    /// In small letters.
    contains: Option<String>,
}

impl Filter {
    fn new(filter: &LogFilter) -> Self {
        let contains = filter.contains.as_ref().filter(|text| !text.is_empty());
        Self { services: filter.services.clone(), contains: contains.map(|text| text.to_lowercase()) }
    }

    fn takes(&self, line: &Line) -> bool {
        self.contains.as_ref().is_none_or(|text| line.text.to_lowercase().contains(text))
    }
}
