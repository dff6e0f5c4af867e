use std::convert::Infallible;

use kinfra_engine::control::Client;
use kinfra_rpc::{LogFilter, LogPage, ReadLogs, TakeSnapshot};

use super::engine_log::engine_log;
use crate::arguments::Logs;
use crate::exit_code::ExitCode;
use crate::output::Output;
use crate::render::LogStyle;
use crate::selection::{select, services};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// Lines per page when following: more than a screen, small enough to be read at once.
const PAGE: u32 = 1_000;

/// How long the engine holds an answer back for want of lines, in milliseconds.
const PATIENCE: u32 = 20_000;

/// `kinfra logs`.
pub async fn logs(surroundings: &Surroundings, arguments: &Logs) -> Result<ExitCode, Trouble> {
    if arguments.engine {
        return engine_log(surroundings, arguments).await;
    }
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let names = project.nodes.iter().map(|node| node.name.clone());
    let shown = names.filter(|name| services.is_empty() || services.contains(name));
    let style = LogStyle::new(shown.collect(), surroundings.output.palette);
    let mut reader = LogReader {
        client,
        project: project.slug.clone(),
        filter: LogFilter { services, contains: arguments.grep.clone() },
        style,
        output: surroundings.output.clone(),
        cursor: None,
    };
    reader.newest(arguments.lines).await?;
    if arguments.follow {
        match reader.follow().await? {}
    }
    Ok(ExitCode::Done)
}

/// Reads a project's lines from one cursor to the next, and prints them.
pub struct LogReader {
    pub client: Client,
    pub project: String,
    pub filter: LogFilter,
    pub style: LogStyle,
    pub output: Output,
    /// Where to go on; none before the first page.
    pub cursor: Option<String>,
}

impl LogReader {
    /// Prints the newest lines and goes on from there.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn newest(&mut self, lines: u32) -> Result<(), Trouble> {
        // A page without lines would have no cursor that is worth anything.
        let page = self.read(lines.max(1), 0).await?;
        if lines > 0 { self.print(&page) } else { Ok(()) }
    }

    /// Prints what comes, for ever.
    ///
    /// # Errors
    /// As [`LogReader::newest`]; also when the engine ends.
    pub async fn follow(&mut self) -> Result<Infallible, Trouble> {
        loop {
            let page = self.read(PAGE, PATIENCE).await?;
            self.print(&page)?;
        }
    }

    /// Prints what came since the last page, without waiting for more.
    ///
    /// # Errors
    /// As [`LogReader::newest`].
    pub async fn rest(&mut self) -> Result<(), Trouble> {
        let page = self.read(PAGE, 0).await?;
        self.print(&page)
    }

    async fn read(&mut self, limit: u32, wait_ms: u32) -> Result<LogPage, Trouble> {
        let (project, after, filter) = (self.project.clone(), self.cursor.clone(), self.filter.clone());
        let page = self.client.call(ReadLogs { project, after, limit, filter, wait_ms }).await?;
        self.cursor = Some(page.cursor.clone());
        Ok(page)
    }

    fn print(&self, page: &LogPage) -> Result<(), Trouble> {
        for line in &page.lines {
            if self.output.json {
                self.output.json_line(line)?;
            } else {
                self.output.line(&self.style.line(line))?;
            }
        }
        Ok(())
    }
}
