use kinfra_rpc::Exit;
use rusqlite::{OptionalExtension, Row};

use super::database::{Store, StoreError};

/// A run as it is written down before its process is spawned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    pub id: String,
    pub instance: String,
    pub node: String,
    /// Counts the runs of a node, from 1.
    pub number: u64,
    pub restarts: u32,
    /// Of the unresolved settings.
    pub fingerprint: String,
    /// Milliseconds since 1970.
    pub started_at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    pub run: NewRun,
    /// None when the engine ended between writing the run down and hearing of its process.
    pub pid: Option<u32>,
    pub start_time: Option<u64>,
}

impl Store {
    /// # Errors
    /// When the database can't be written.
    pub async fn begin_run(&self, run: NewRun) -> Result<(), StoreError> {
        self.transaction("write a run down", move |connection| {
            let sql = "INSERT INTO run (id, instance, node, number, restarts, fingerprint, started_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let (number, started_at) = (run.number.cast_signed(), run.started_at.cast_signed());
            let values = (run.id, run.instance, run.node, number, run.restarts, run.fingerprint, started_at);
            connection.execute(sql, values).map(drop)
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn run_spawned(&self, id: String, pid: u32, start_time: u64) -> Result<(), StoreError> {
        self.transaction("write a process down", move |connection| {
            let sql = "UPDATE run SET pid = ?2, start_time = ?3 WHERE id = ?1";
            connection.execute(sql, (id, pid, start_time.cast_signed())).map(drop)
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn end_run(&self, id: String, exit: Exit) -> Result<(), StoreError> {
        self.transaction("write down how a run ended", move |connection| {
            let sql = "UPDATE run SET ended_at = ?2, code = ?3, signal = ?4 WHERE id = ?1";
            connection.execute(sql, (id, exit.at.cast_signed(), exit.code, exit.signal)).map(drop)
        })
        .await
    }

    /// One run, whether it has ended or not.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn run(&self, id: String) -> Result<Option<StoredRun>, StoreError> {
        self.transaction("read a run", |connection| {
            let sql = "SELECT id, instance, node, number, restarts, fingerprint, started_at, pid, start_time
                FROM run WHERE id = ?1";
            connection.query_row(sql, [id], read).optional()
        })
        .await
    }

    /// The runs that are not known to have ended.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn open_runs(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.transaction("read the runs", |connection| {
            let sql = "SELECT id, instance, node, number, restarts, fingerprint, started_at, pid, start_time
                FROM run WHERE ended_at IS NULL ORDER BY number";
            let mut query = connection.prepare(sql)?;
            query.query_map([], read)?.collect()
        })
        .await
    }

    /// The number of a node's newest run; 0 when it never ran.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn newest_run(&self, instance: String, node: String) -> Result<u64, StoreError> {
        self.transaction("read the runs of a node", move |connection| {
            let sql = "SELECT max(number) FROM run WHERE instance = ?1 AND node = ?2";
            let newest: Option<Option<i64>> =
                connection.query_row(sql, (instance, node), |row| row.get(0)).optional()?;
            Ok(newest.flatten().unwrap_or_default().cast_unsigned())
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredRun> {
    let run = NewRun {
        id: row.get(0)?,
        instance: row.get(1)?,
        node: row.get(2)?,
        number: row.get::<_, i64>(3)?.cast_unsigned(),
        restarts: row.get(4)?,
        fingerprint: row.get(5)?,
        started_at: row.get::<_, i64>(6)?.cast_unsigned(),
    };
    let start_time: Option<i64> = row.get(8)?;
    Ok(StoredRun { run, pid: row.get(7)?, start_time: start_time.map(i64::cast_unsigned) })
}
