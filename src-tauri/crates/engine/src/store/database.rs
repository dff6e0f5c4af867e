use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

use super::opening::{Opened, open};
use super::writer::{Answer, Counts, Job, Outlives, Uncommitted, Work, why_not_written, work};

const BEFORE_AGAIN: Duration = Duration::from_secs(1);

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
    trouble: watch::Receiver<Option<String>>,
}

impl StoreError {
    /// Whether the disk is the reason, so that it may work again.
    #[must_use]
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Query { source, .. } => why_not_written(source).is_some(),
            Self::Commit { source, .. } => why_not_written(source).is_some(),
            _ => false,
        }
    }
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
        let (told, trouble) = watch::channel(None);
        thread.spawn(move || work(connection, &queue, &counted, &told)).map_err(|error| {
            StoreError::Open {
                path: path.to_owned(),
                source: rusqlite::Error::ToSqlConversionFailure(Box::new(error)),
            }
        })?;
        Ok((Self { jobs, counts, trouble }, set_aside))
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

    /// Why nothing can be written, as long as that is so.
    #[must_use]
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.clone()
    }

    /// Writes something that changes nothing: nobody else may try for a long time.
    ///
    /// # Errors
    /// When writing does not work yet.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        self.unflushed_transaction("write", |connection| {
            let sql =
                "INSERT INTO setting VALUES ('writing', '') ON CONFLICT (name) DO UPDATE SET value = value";
            connection.execute(sql, []).map(drop)
        })
        .await
    }

    /// Waits until it is worth trying again what could not be written: a second at least.
    pub async fn works_again(&self) {
        sleep(BEFORE_AGAIN).await;
        // An error means that the thread has ended, which the next try will tell.
        let _ = self.trouble().wait_for(Option::is_none).await;
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
            let failed = match &result {
                Err(StoreError::Query { source, .. }) => why_not_written(source),
                _ => None,
            };
            let answer: Answer = Box::new(move |committed| {
                let result = result.and_then(|value| committed.map(|()| value).map_err(uncommitted));
                then(result.as_ref().ok());
                // The caller may have given up.
                let _ = sender.send(result);
            });
            (answer, failed)
        });
        self.jobs.send(Job { outlives, work }).map_err(|_| StoreError::Gone { doing })?;
        answered.await.map_err(|_| StoreError::Gone { doing })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite's own limit stands for the disk's: it fails with the same error.
    async fn limit(store: &Store, pages: u32) {
        let limit = move |connection: &Connection| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        };
        store.unflushed_transaction("limit its size", limit).await.unwrap();
    }

    #[tokio::test]
    async fn that_nothing_can_be_written_is_told_until_something_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let trouble = store.trouble();
        limit(&store, 1).await;
        let nodes: Vec<String> = (0..5_000).map(|node| format!("node {node}")).collect();
        let error = store.set_desired("shop".to_owned(), nodes.clone()).await.unwrap_err();
        assert!(error.is_of_the_disk(), "{error}");
        assert_eq!(trouble.borrow().as_deref(), Some("the disk is full"));
        store.desired("shop".to_owned()).await.unwrap();
        let again = store.add_project(
            crate::store::StoredProject { slug: "a".into(), name: "a".into(), folder: "/a".into() },
            0,
        );
        again.await.unwrap();
        assert_eq!(*trouble.borrow(), None, "something fitted in");
        store.set_desired("shop".to_owned(), nodes.clone()).await.unwrap_err();
        limit(&store, 100_000).await;
        assert!(trouble.borrow().is_some(), "what writes nothing says nothing");
        store.try_writing().await.unwrap();
        assert_eq!(*trouble.borrow(), None);
        let refused = store.transaction("do nonsense", |connection| {
            connection.execute("INSERT INTO setting VALUES (NULL, 1)", [])
        });
        refused.await.unwrap_err();
        assert_eq!(*trouble.borrow(), None, "that is no fault of the disk");
    }
}
