//! Reads a project's lines from one cursor to the next, and prints them.

use std::collections::HashMap;
use std::convert::Infallible;

use jiff::tz::TimeZone;
use kinfra_engine::control::Client;
use kinfra_rpc::{LogFilter, LogLine, LogPage, ReadLogs};

use crate::output::Output;
use crate::render::LogStyle;
use crate::surroundings::now;
use crate::trouble::Trouble;

/// Lines per page when following: more than a screen, small enough to be read at once.
const PAGE: u32 = 1_000;

/// Lines per page when there are many.
const LARGE_PAGE: u32 = 5_000;

/// How long the engine holds an answer back for want of lines, in milliseconds.
const PATIENCE: u32 = 20_000;

pub struct LogReader {
    pub client: Client,
    pub filter: LogFilter,
    /// How many lines were printed.
    pub printed: usize,
    project: String,
    style: LogStyle,
    output: Output,
    zone: TimeZone,
    /// Where to go on; none before the first page.
    cursor: Option<String>,
    /// The newest run of each service of which a line was printed.
    runs: HashMap<String, u64>,
}

impl LogReader {
    /// For all lines.
    pub fn new(client: Client, project: String, style: LogStyle, output: Output) -> Self {
        let (filter, zone) = (LogFilter::default(), TimeZone::system());
        Self { client, filter, printed: 0, project, style, output, zone, cursor: None, runs: HashMap::new() }
    }

    /// Prints the newest lines and goes on from there.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn newest(&mut self, lines: u32) -> Result<(), Trouble> {
        // A page without lines would have no cursor that is worth anything.
        let page = self.read(lines.max(1), 0, false).await?;
        if lines > 0 { self.print(&page) } else { Ok(()) }
    }

    /// Prints everything that there is, from the oldest line on.
    ///
    /// # Errors
    /// As [`LogReader::newest`].
    pub async fn all(&mut self) -> Result<(), Trouble> {
        loop {
            let page = self.read(LARGE_PAGE, 0, true).await?;
            if page.lines.is_empty() {
                return Ok(());
            }
            self.print(&page)?;
        }
    }

    /// Prints what comes, for ever.
    ///
    /// # Errors
    /// As [`LogReader::newest`]; also when the engine ends.
    pub async fn follow(&mut self) -> Result<Infallible, Trouble> {
        loop {
            let page = self.read(PAGE, PATIENCE, false).await?;
            self.print(&page)?;
        }
    }

    /// Prints what comes, until the moment that bounds it if there is one.
    ///
    /// # Errors
    /// As [`LogReader::follow`].
    pub async fn follow_until(&mut self) -> Result<(), Trouble> {
        let Some(until) = self.filter.until else { match self.follow().await? {} };
        loop {
            let left = u32::try_from(until.saturating_sub(now())).unwrap_or(u32::MAX);
            let page = self.read(PAGE, left.min(PATIENCE), false).await?;
            self.print(&page)?;
            if left == 0 && page.lines.is_empty() {
                return Ok(());
            }
        }
    }

    /// Prints what came since the last page, without waiting for more.
    ///
    /// # Errors
    /// As [`LogReader::newest`].
    pub async fn rest(&mut self) -> Result<(), Trouble> {
        let page = self.read(PAGE, 0, false).await?;
        self.print(&page)
    }

    async fn read(&mut self, limit: u32, wait_ms: u32, oldest: bool) -> Result<LogPage, Trouble> {
        let (project, after, filter) = (self.project.clone(), self.cursor.clone(), self.filter.clone());
        let page = self.client.call(ReadLogs { project, after, limit, oldest, filter, wait_ms }).await?;
        self.cursor = Some(page.cursor.clone());
        Ok(page)
    }

    /// A page at once: a pipe takes many lines as fast as one.
    fn print(&mut self, page: &LogPage) -> Result<(), Trouble> {
        let mut text = String::new();
        for line in &page.lines {
            if self.output.json {
                text.push_str(&Output::json_text(line)?);
            } else {
                if let Some(separator) = self.separator(line, page) {
                    text.push_str(&separator);
                    text.push('\n');
                }
                text.push_str(&self.style.line(line));
            }
            text.push('\n');
        }
        self.printed += page.lines.len();
        if text.is_empty() { Ok(()) } else { self.output.text(&text) }
    }

    /// Before the first line of a later run. What an earlier one left behind may still print; that is no change.
    fn separator(&mut self, line: &LogLine, page: &LogPage) -> Option<String> {
        let before = self.runs.get(&line.service).copied();
        if line.run == 0 || before.is_some_and(|before| line.run <= before) {
            return None;
        }
        self.runs.insert(line.service.clone(), line.run);
        let known = page.runs.iter().find(|run| run.service == line.service && run.run == line.run);
        before.map(|_| self.style.separator(&line.service, line.run, known, &self.zone))
    }
}
