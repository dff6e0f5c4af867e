use std::collections::HashMap;

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
    /// Since the last wish to start it.
    pub restarts: u32,
    /// In a row, before this run.
    pub failures: u32,
    /// Of the unresolved settings.
    pub fingerprint: String,
    /// Names the boot of the machine, so that no pid of another one is ever looked at.
    pub boot: String,
    /// Milliseconds since 1970.
    pub started_at: u64,
    /// The type of the resource whose adapter has it; none for a process that the keeper holds.
    pub adapter: Option<String>,
}

/// How a run ended, and what was decided then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunEnd {
    pub exit: Exit,
    pub next: Next,
    pub restarts: u32,
    pub failures: u32,
}

/// What comes after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: that was asked for.
    Stopped,
    /// Another run, at this moment, in milliseconds since 1970.
    Retry { at: u64 },
    /// Nothing: it failed too often.
    GaveUp,
    /// Nothing: its policy is content with that.
    Exited,
}

/// The newest run of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestRun {
    pub number: u64,
    pub boot: String,
    /// None while it isn't known to have ended, or what was to come after it.
    pub end: Option<RunEnd>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    pub run: NewRun,
    /// None when the engine ended between writing the run down and hearing of its process.
    pub pid: Option<u32>,
    pub start_time: Option<u64>,
    /// It was told to end.
    pub is_ending: bool,
}

impl Store {
    /// # Errors
    /// When the database can't be written.
    pub async fn begin_run(&self, run: NewRun) -> Result<(), StoreError> {
        self.unflushed_transaction("write a run down", move |connection| {
            let sql = "INSERT INTO run
                (id, instance, node, number, restarts, failures, fingerprint, boot, started_at, adapter)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            let (number, started_at) = (run.number.cast_signed(), run.started_at.cast_signed());
            let NewRun { id, instance, node, restarts, failures, fingerprint, boot, adapter, .. } = run;
            let values =
                (id, instance, node, number, restarts, failures, fingerprint, boot, started_at, adapter);
            connection.prepare_cached(sql)?.execute(values).map(drop)
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn run_spawned(&self, id: String, pid: u32, start_time: u64) -> Result<(), StoreError> {
        self.unflushed_transaction("write a process down", move |connection| {
            let sql = "UPDATE run SET pid = ?2, start_time = ?3 WHERE id = ?1";
            connection.prepare_cached(sql)?.execute((id, pid, start_time.cast_signed())).map(drop)
        })
        .await
    }

    /// It is told to end. What is to come of its node after that is what its user wants.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn run_ending(&self, id: String) -> Result<(), StoreError> {
        self.unflushed_transaction("write down that a run is to end", move |connection| {
            let sql = "UPDATE run SET next = ?2 WHERE id = ?1 AND ended_at IS NULL";
            connection.prepare_cached(sql)?.execute((id, ENDING)).map(drop)
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn end_run(&self, id: String, end: RunEnd) -> Result<(), StoreError> {
        self.unflushed_transaction("write down how a run ended", move |connection| {
            let sql = "UPDATE run SET ended_at = ?2, code = ?3, signal = ?4, next = ?5, retry_at = ?6,
                restarts = ?7, failures = ?8 WHERE id = ?1";
            let RunEnd { exit, next, restarts, failures } = end;
            let (at, (word, retry_at)) = (exit.at.cast_signed(), next.stored());
            let values = (id, at, exit.code, exit.signal, word, retry_at, restarts, failures);
            connection.prepare_cached(sql)?.execute(values).map(drop)
        })
        .await
    }

    /// What was to come after the newest run of a node comes no more: it was stopped.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn settle_run(&self, instance: String, node: String, number: u64) -> Result<(), StoreError> {
        self.unflushed_transaction("write down that a node was stopped", move |connection| {
            let sql = "UPDATE run SET next = 'stopped', retry_at = NULL
                WHERE instance = ?1 AND node = ?2 AND number = ?3 AND ended_at IS NOT NULL";
            connection.prepare_cached(sql)?.execute((instance, node, number.cast_signed())).map(drop)
        })
        .await
    }

    /// One run, whether it has ended or not.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn run(&self, id: String) -> Result<Option<StoredRun>, StoreError> {
        self.transaction("read a run", |connection| {
            let sql = format!("{SELECT} WHERE id = ?1");
            connection.query_row(&sql, [id], read).optional()
        })
        .await
    }

    /// The runs that are not known to have ended.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn open_runs(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.transaction("read the runs", |connection| {
            let sql = format!("{SELECT} WHERE ended_at IS NULL ORDER BY number");
            let mut query = connection.prepare(&sql)?;
            query.query_map([], read)?.collect()
        })
        .await
    }

    /// When runs of an instance's nodes began, in milliseconds since 1970; none for one that isn't known.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn runs_started(
        &self,
        instance: String,
        runs: Vec<(String, u64)>,
    ) -> Result<Vec<Option<u64>>, StoreError> {
        if runs.is_empty() {
            return Ok(vec![]);
        }
        self.transaction("read when runs began", move |connection| {
            let sql = "SELECT started_at FROM run WHERE instance = ?1 AND node = ?2 AND number = ?3
                ORDER BY started_at DESC LIMIT 1";
            let mut query = connection.prepare(sql)?;
            runs.iter()
                .map(|(node, number)| {
                    let values = (&instance, node, number.cast_signed());
                    let started: Option<i64> = query.query_row(values, |row| row.get(0)).optional()?;
                    Ok(started.map(i64::cast_unsigned))
                })
                .collect()
        })
        .await
    }

    /// When each run of an instance began, in milliseconds since 1970, by its node and number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn all_runs_started(
        &self,
        instance: String,
    ) -> Result<HashMap<(String, u64), u64>, StoreError> {
        self.transaction("read when all runs began", move |connection| {
            let mut query =
                connection.prepare("SELECT node, number, started_at FROM run WHERE instance = ?1")?;
            let read = |row: &Row<'_>| {
                let (number, started): (i64, i64) = (row.get(1)?, row.get(2)?);
                Ok(((row.get(0)?, number.cast_unsigned()), started.cast_unsigned()))
            };
            query.query_map([instance], read)?.collect()
        })
        .await
    }

    /// The newest run of each node that ever ran, by the node's name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn latest_runs(&self, instance: String) -> Result<HashMap<String, LatestRun>, StoreError> {
        self.transaction("read the newest runs", move |connection| {
            // SQLite takes the other columns from the row of the maximum.
            let sql =
                "SELECT node, max(number), boot, ended_at, code, signal, next, retry_at, restarts, failures
                FROM run WHERE instance = ?1 GROUP BY node";
            let mut query = connection.prepare(sql)?;
            query.query_map([instance], |row| Ok((row.get(0)?, latest(row)?)))?.collect()
        })
        .await
    }
}

/// In the place of what comes after a run while it hasn't ended.
const ENDING: &str = "ending";

const SELECT: &str =
    "SELECT id, instance, node, number, restarts, failures, fingerprint, boot, started_at, pid,
    start_time, next, adapter FROM run";

impl Next {
    const fn stored(self) -> (&'static str, Option<i64>) {
        match self {
            Self::Stopped => ("stopped", None),
            Self::Retry { at } => ("retry", Some(at.cast_signed())),
            Self::GaveUp => ("gave_up", None),
            Self::Exited => ("exited", None),
        }
    }

    /// None for what only a newer KInfra knows.
    fn read(word: &str, retry_at: Option<i64>) -> Option<Self> {
        Some(match word {
            "stopped" => Self::Stopped,
            "retry" => Self::Retry { at: retry_at?.cast_unsigned() },
            "gave_up" => Self::GaveUp,
            "exited" => Self::Exited,
            _ => return None,
        })
    }
}

fn latest(row: &Row<'_>) -> rusqlite::Result<LatestRun> {
    let at: Option<i64> = row.get(3)?;
    let (code, signal, word): (_, _, Option<String>) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let (retry_at, restarts, failures) = (row.get(7)?, row.get(8)?, row.get(9)?);
    let end = at.zip(word).and_then(|(at, word)| {
        let exit = Exit { code, signal, at: at.cast_unsigned() };
        Some(RunEnd { exit, next: Next::read(&word, retry_at)?, restarts, failures })
    });
    Ok(LatestRun { number: row.get::<_, i64>(1)?.cast_unsigned(), boot: row.get(2)?, end })
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredRun> {
    let run = NewRun {
        id: row.get(0)?,
        instance: row.get(1)?,
        node: row.get(2)?,
        number: row.get::<_, i64>(3)?.cast_unsigned(),
        restarts: row.get(4)?,
        failures: row.get(5)?,
        fingerprint: row.get(6)?,
        boot: row.get(7)?,
        started_at: row.get::<_, i64>(8)?.cast_unsigned(),
        adapter: row.get(12)?,
    };
    let start_time: Option<i64> = row.get(10)?;
    let next: Option<String> = row.get(11)?;
    Ok(StoredRun {
        run,
        pid: row.get(9)?,
        start_time: start_time.map(i64::cast_unsigned),
        is_ending: next.as_deref() == Some(ENDING),
    })
}
