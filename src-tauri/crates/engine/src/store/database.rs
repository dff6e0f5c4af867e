use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::opening::{Opened, open};
use super::writer::{Counts, Job, Outlives, Uncommitted, Work, work};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot open the database {}: {source}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("cannot set the database {} aside: {source}", path.display())]
    SetAside { path: PathBuf, source: std::io::Error },
    #[error("the database {} was written by a newer KInfra (version {found}; this one knows {known})", path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("cannot {doing}: {source}")]
    Query { doing: &'static str, source: rusqlite::Error },
    #[error("cannot {doing}: {source}")]
    Commit { doing: &'static str, source: Arc<rusqlite::Error> },
    #[error("cannot {doing}: the database's thread has ended")]
    Gone { doing: &'static str },
}

/// The database of one home. Only the holder of the home's lock opens it.
#[derive(Debug, Clone)]
pub struct Store {
    jobs: Sender<Job>,
    counts: Arc<Counts>,
}

impl Store {
    /// Opens the database, brings it to the newest schema and starts its thread. A file that is damaged or no database
    /// of KInfra's is set aside: then the second value is where it is now, and the store is empty.
    ///
    /// # Errors
    /// When the file can't be opened, or a newer KInfra wrote it.
    pub fn open(path: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        let Opened { connection, set_aside } = open(path)?;
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new().name("kinfra-store".to_owned());
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        thread.spawn(move || work(connection, &queue, &counted)).map_err(|error| StoreError::Open {
            path: path.to_owned(),
            source: rusqlite::Error::ToSqlConversionFailure(Box::new(error)),
        })?;
        Ok((Self { jobs, counts }, set_aside))
    }

    /// How many transactions all that was asked has taken so far: fewer, the more was asked at once.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.counts.transactions.load(Ordering::Relaxed)
    }

    /// How often something was flushed to the disk without anybody waiting for it.
    #[must_use]
    pub fn flushes(&self) -> u64 {
        self.counts.flushes.load(Ordering::Relaxed)
    }

    /// Runs work on the database's thread, and answers when what it did is durable; `doing` completes *cannot …* in
    /// an error.
    pub(crate) async fn transaction<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Outlives::PowerLoss, doing, work, |_| ()).await
    }

    /// The same for what means nothing after the machine's next boot, or can be said again: nobody waits for the disk,
    /// and a loss of power within half a minute may undo it.
    pub(crate) async fn unflushed_transaction<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Outlives::Crash, doing, work, |_| ()).await
    }

    /// The same for what shall outlive a loss of power some seconds later: it is flushed when nobody waits.
    pub(crate) async fn soon_flushed_transaction<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Outlives::PowerLossSoon, doing, work, |_| ()).await
    }

    /// Like [`Self::transaction`]; `then` is called on the database's thread with what the work gave, none when it came to nothing,
    /// before this or any later work is answered.
    pub(crate) async fn transaction_then<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(Option<&T>) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Outlives::PowerLoss, doing, work, then).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        outlives: Outlives,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(Option<&T>) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answered) = oneshot::channel();
        let uncommitted = move |Uncommitted(source)| StoreError::Commit { doing, source };
        let work: Work = Box::new(move |begun| {
            let result = begun.map_err(uncommitted).and_then(|transaction| {
                let result = transaction.savepoint().and_then(|savepoint| {
                    let value = work(&savepoint)?;
                    savepoint.commit()?;
                    Ok(value)
                });
                result.map_err(|source| StoreError::Query { doing, source })
            });
            Box::new(move |committed| {
                let result = result.and_then(|value| committed.map(|()| value).map_err(uncommitted));
                then(result.as_ref().ok());
                // The caller may have given up.
                let _ = sender.send(result);
            })
        });
        self.jobs.send(Job { outlives, work }).map_err(|_| StoreError::Gone { doing })?;
        answered.await.map_err(|_| StoreError::Gone { doing })?
    }
}
