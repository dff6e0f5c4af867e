//! Reading logs: which folders, which secrets, and when the runs began.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Failure, ListRuns, LogPage, LogRun, LogRuns, ReadLogs};
use tokio::time::{Instant, timeout_at};

use super::engine::Engine;
use crate::home::Home;
use crate::logs::{Begin, KnownRun, LogError, LogReader, known_runs};

/// A page of logs is never longer.
const MOST_LINES: usize = 5_000;
/// A question that waits is never held back for longer, in milliseconds.
const LONGEST_WAIT: u32 = 30_000;

/// Until when the answer to a command that may wait for something is held back.
pub(super) fn deadline(wait_ms: u32) -> Instant {
    Instant::now() + Duration::from_millis(wait_ms.min(LONGEST_WAIT).into())
}

impl Engine {
    pub(super) async fn read_logs(&self, request: &ReadLogs) -> Result<LogPage, Failure> {
        let project = self.project(&request.project)?;
        let mut request = request.clone();
        request.filter.services = project.named(&request.filter.services)?;
        let names = project.services.keys();
        let folders = folders(&self.options.home, &request.project, names, &request.filter.services);
        for (name, _) in &folders {
            if let Some(service) = project.services.get(name) {
                service.learn_secrets().await;
            }
        }
        let reader = LogReader::new(folders, self.services.secrets.redactor(&request.project));
        let deadline = deadline(request.wait_ms);
        let mut output = self.output.subscribe();
        loop {
            output.borrow_and_update();
            let mut page = page(&reader, &request).await?;
            if !page.lines.is_empty() || timeout_at(deadline, output.changed()).await.is_err() {
                page.runs = self.runs_of(&request.project, &page).await?;
                return Ok(page);
            }
            if request.after.is_some() {
                // What was looked at without finding a line is not looked at again.
                request.after = Some(page.cursor);
            }
        }
    }

    /// When the runs of a page's lines began.
    async fn runs_of(&self, project: &str, page: &LogPage) -> Result<Vec<LogRun>, Failure> {
        let runs: Vec<(String, u64)> = runs_on(page).into_iter().collect();
        let started = self.store.runs_started(project.to_owned(), runs.clone()).await?;
        let known = runs.into_iter().zip(started);
        Ok(known
            .filter_map(|((service, run), started)| Some(LogRun { service, run, started_at: started? }))
            .collect())
    }

    pub(super) async fn list_runs(&self, request: &ListRuns) -> Result<LogRuns, Failure> {
        let project = self.project(&request.project)?;
        let services = project.named(&request.services)?;
        let names = project.services.keys();
        let known = kept_runs(folders(&self.options.home, &request.project, names, &services)).await?;
        let names = known.iter().map(|(service, known)| (service.clone(), known.run)).collect();
        let started = self.store.runs_started(request.project.clone(), names).await?;
        let runs = known.into_iter().zip(started).map(|((service, known), started)| LogRun {
            service,
            run: known.run,
            // The database is younger than the log when it had to be made anew.
            started_at: started.unwrap_or(known.first),
        });
        Ok(LogRuns { runs: runs.collect() })
    }
}

/// Where the lines of the wanted services are; of all where none is named.
pub(super) fn folders<'a>(
    home: &Home,
    project: &str,
    names: impl Iterator<Item = &'a String>,
    wanted: &[String],
) -> Vec<(String, PathBuf)> {
    let wanted = names.filter(|name| wanted.is_empty() || wanted.contains(name));
    wanted.map(|name| (name.clone(), home.node_logs(project, name))).collect()
}

/// What is there now of what was asked for.
///
/// # Errors
/// As [`LogReader::read`].
pub(super) async fn page(reader: &LogReader, request: &ReadLogs) -> Result<LogPage, Failure> {
    let (reader, asked) = (reader.clone(), request.clone());
    let limit = usize::try_from(request.limit).unwrap_or(MOST_LINES).clamp(1, MOST_LINES);
    let read = move || {
        let begin = match &asked.after {
            Some(cursor) => Begin::After(cursor),
            None if asked.oldest => Begin::Oldest,
            None => Begin::Newest,
        };
        reader.read(begin, limit, &asked.filter)
    };
    Ok(blocking(read).await??)
}

/// The runs that printed a page's lines.
pub(super) fn runs_on(page: &LogPage) -> BTreeSet<(String, u64)> {
    let known = page.lines.iter().filter(|line| line.run > 0);
    known.map(|line| (line.service.clone(), line.run)).collect()
}

/// The runs of which something is kept in these folders.
///
/// # Errors
/// When a file can't be read.
pub(super) async fn kept_runs(folders: Vec<(String, PathBuf)>) -> Result<Vec<(String, KnownRun)>, Failure> {
    let scan = move || -> Result<Vec<(String, KnownRun)>, LogError> {
        let mut all = Vec::new();
        for (service, folder) in folders {
            all.extend(known_runs(&folder)?.into_iter().map(|run| (service.clone(), run)));
        }
        Ok(all)
    };
    Ok(blocking(scan).await??)
}

async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(read).await;
    done.map_err(|error| Failure::new(ErrorCode::Internal, format!("reading logs: {error}")))
}
