//! A probe that waits for a line of the output.

use kinfra_rpc::LogFilter;
use regex::Regex;

use super::running::Running;
use super::service::Service;
use crate::logs::{Begin, LogError, LogReader};
use crate::supervisor::{ProbeResult, Refusal};

/// How many lines are taken at a time.
const PAGE: usize = 1_000;

impl Service {
    /// Where the log ends now: what comes after it is of the run that is about to begin.
    pub(super) async fn end_of_log(&self) -> Option<String> {
        let reader = self.log_reader();
        let read = tokio::task::spawn_blocking(move || reader.read(Begin::Newest, 1, &LogFilter::default()));
        read.await.ok()?.ok().map(|page| page.cursor)
    }

    /// Looks through what the run has printed since it was last asked.
    pub(super) async fn ask_log(&self, run: u64, running: &Running, pattern: &Regex) -> ProbeResult {
        // Of a run that was taken over nobody knows where it begins, but it was ready before.
        let Some(begin) = running.log_from.clone() else { return Ok(String::new()) };
        let (reader, wanted) = (self.log_reader(), pattern.clone());
        let search = tokio::task::spawn_blocking(move || search(&reader, begin, &wanted));
        let (found, cursor) = search
            .await
            .map_err(|error| Refusal::from(format!("its output could not be searched: {error}")))?
            .map_err(|error| Refusal::from(error.to_string()))?;
        self.change(run, |running| running.log_from = Some(cursor));
        if found {
            return Ok("its line was printed".to_owned());
        }
        Err(format!("no line of its output matches {pattern} yet").into())
    }

    fn log_reader(&self) -> LogReader {
        let folder = self.context.home.node_logs(&self.project, &self.name);
        LogReader::new(vec![(self.name.clone(), folder)], self.context.secrets.redactor(&self.project))
    }
}

fn search(reader: &LogReader, mut cursor: String, pattern: &Regex) -> Result<(bool, String), LogError> {
    loop {
        let page = reader.read(Begin::After(&cursor), PAGE, &LogFilter::default())?;
        cursor = page.cursor;
        if page.lines.iter().any(|line| pattern.is_match(&line.text)) {
            return Ok((true, cursor));
        }
        if page.lines.len() < PAGE {
            return Ok((false, cursor));
        }
    }
}
