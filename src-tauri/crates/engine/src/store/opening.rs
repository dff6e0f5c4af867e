//! Opening the database's file: what is not ours or is damaged is set aside, never overwritten and never an end.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::database::StoreError;
use super::schema::{NEWEST, migrate, version};

pub(super) struct Opened {
    pub connection: Connection,
    /// Where the file is that stood here before.
    pub set_aside: Option<PathBuf>,
}

/// What is wrong with a file.
enum Fault {
    /// No database of KInfra's, or one that can't be trusted.
    Useless,
    Newer(u32),
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Useless,
            _ => Self::Failed(error),
        }
    }
}

pub(super) fn open(path: &Path) -> Result<Opened, StoreError> {
    match prepared(path) {
        Ok(connection) => Ok(Opened { connection, set_aside: None }),
        Err(Fault::Useless) => {
            let aside =
                set_aside(path).map_err(|source| StoreError::SetAside { path: path.to_owned(), source })?;
            let connection = prepared(path).map_err(|fault| explain(path, fault))?;
            Ok(Opened { connection, set_aside: Some(aside) })
        }
        Err(fault) => Err(explain(path, fault)),
    }
}

fn explain(path: &Path, fault: Fault) -> StoreError {
    let path = path.to_owned();
    match fault {
        Fault::Newer(found) => StoreError::Newer { path, found, known: NEWEST },
        Fault::Failed(source) => StoreError::Open { path, source },
        Fault::Useless => StoreError::Open { path, source: rusqlite::Error::InvalidQuery },
    }
}

fn prepared(path: &Path) -> Result<Connection, Fault> {
    let is_new = !path.exists();
    let mut connection = Connection::open(path)?;
    // Empty tables hold nothing that a loss of power could take: whatever is to last comes after them in the log, and is
    // flushed with it.
    connection.pragma_update(None, "synchronous", if is_new { "OFF" } else { "FULL" })?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let found = version(&connection)?;
    if sound != "ok" || (found == 0 && !is_empty(&connection)?) || (found > 0 && !is_ours(&connection)?) {
        return Err(Fault::Useless);
    }
    if found > NEWEST {
        return Err(Fault::Newer(found));
    }
    migrate(&mut connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Another program may count its versions in the same place.
fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) = 2 FROM sqlite_schema WHERE type = 'table' AND name IN ('claim', 'project')";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Renames the file and what belongs to it to the first `NAME.set-aside-NUMBER` that nobody has.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let named = |suffix: &str| {
        let mut name = OsString::from(path);
        name.push(suffix);
        PathBuf::from(name)
    };
    let free = (1..).find(|number: &u32| !named(&format!(".set-aside-{number}")).exists());
    let aside = format!(".set-aside-{}", free.unwrap_or_default());
    for part in ["-wal", "-shm", ""] {
        match fs::rename(named(part), named(&format!("{aside}{part}"))) {
            Err(error) if part.is_empty() || error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(named(&aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join("kinfra.sqlite")
    }

    #[test]
    fn a_text_file_is_set_aside_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=2 {
            fs::write(at(&folder), format!("my notes, number {number}\n").repeat(100)).unwrap();
            let aside = open(&at(&folder)).ok().and_then(|opened| opened.set_aside).unwrap();
            assert_eq!(aside, folder.path().join(format!("kinfra.sqlite.set-aside-{number}")));
            assert!(fs::read_to_string(aside).unwrap().contains(&format!("number {number}")));
        }
    }

    #[test]
    fn a_truncated_database_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(&at(&folder)).ok().unwrap());
        let whole = fs::read(at(&folder)).unwrap();
        fs::write(at(&folder), &whole[..whole.len() / 2 + 100]).unwrap();
        assert!(open(&at(&folder)).ok().unwrap().set_aside.is_some());
        assert!(open(&at(&folder)).ok().unwrap().set_aside.is_none(), "the new one is sound");
    }

    #[test]
    fn the_database_of_another_program_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        for statement in ["CREATE TABLE recipe (name TEXT)", "PRAGMA user_version = 1"] {
            Connection::open(at(&folder)).unwrap().execute_batch(statement).unwrap();
        }
        assert!(open(&at(&folder)).ok().unwrap().set_aside.is_some());
    }

    #[test]
    fn the_database_of_a_newer_kinfra_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(&at(&folder)).ok().unwrap());
        Connection::open(at(&folder)).unwrap().pragma_update(None, "user_version", NEWEST + 1).unwrap();
        assert!(matches!(open(&at(&folder)), Err(StoreError::Newer { .. })));
        assert!(at(&folder).exists());
    }

    #[test]
    fn an_empty_file_becomes_a_database() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(at(&folder), "").unwrap();
        assert!(open(&at(&folder)).ok().unwrap().set_aside.is_none());
    }
}
