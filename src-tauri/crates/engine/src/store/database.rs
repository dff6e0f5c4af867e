//! Theory of operation: one thread owns the connection and is the only writer. Callers queue closures; each runs
//! in a transaction of its own, which is durable (`synchronous=FULL`) before its caller gets the answer. Only
//! the holder of the engine's lock opens the store.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::schema::migrate;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot open the database {}: {source}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("cannot {doing}: {source}")]
    Query { doing: &'static str, source: rusqlite::Error },
    #[error("cannot {doing}: the database's thread has ended")]
    Gone { doing: &'static str },
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

#[derive(Debug, Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
}

impl Store {
    /// Opens the database, brings it to the newest schema and starts its thread.
    ///
    /// # Errors
    /// When the file can't be opened or is no database of KInfra.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open { path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(failed)?;
        prepare(&mut connection).map_err(failed)?;
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = move || {
            for job in queue {
                job(&mut connection);
            }
        };
        let thread = thread::Builder::new().name("kinfra-store".to_owned()).spawn(work);
        thread.map_err(|error| failed(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        Ok(Self { jobs })
    }

    /// Runs one transaction on the database's thread; `doing` completes *cannot …* in an error.
    pub(super) async fn transaction<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(
                |transaction| {
                    let value = work(&transaction)?;
                    transaction.commit()?;
                    Ok(value)
                },
            );
            // The caller may have given up.
            let _ = answer.send(result);
        });
        self.jobs.send(job).map_err(|_| StoreError::Gone { doing })?;
        let result = answered.await.map_err(|_| StoreError::Gone { doing })?;
        result.map_err(|source| StoreError::Query { doing, source })
    }

    /// A setting of this home, such as the proxy's port.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn setting(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.transaction("read a setting", move |transaction| {
            let mut query = transaction.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            query.query_map([name], |row| row.get(0))?.next().transpose()
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn set_setting(&self, name: &'static str, value: String) -> Result<(), StoreError> {
        let sql = "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
        self.transaction("store a setting", move |transaction| {
            transaction.execute(sql, (name, value)).map(drop)
        })
        .await
    }
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    migrate(connection)
}
