//! The tables, and the steps from each version to the next. A step once released is never changed.

use rusqlite::Connection;

const STEPS: &[&str] = &["
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE project (
        slug TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        folder TEXT NOT NULL UNIQUE,
        added_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE claim (
        instance TEXT NOT NULL, node TEXT NOT NULL, replica INTEGER NOT NULL, name TEXT NOT NULL,
        protocol TEXT NOT NULL, port INTEGER NOT NULL, origin TEXT NOT NULL,
        PRIMARY KEY (instance, node, replica, name, protocol),
        UNIQUE (port, protocol)
    ) STRICT;
    CREATE TABLE desired (instance TEXT NOT NULL, node TEXT NOT NULL, PRIMARY KEY (instance, node)) STRICT;
    CREATE TABLE run (
        id TEXT PRIMARY KEY,
        instance TEXT NOT NULL, node TEXT NOT NULL, number INTEGER NOT NULL,
        restarts INTEGER NOT NULL, fingerprint TEXT NOT NULL, started_at INTEGER NOT NULL,
        pid INTEGER, start_time INTEGER,
        ended_at INTEGER, code INTEGER, signal INTEGER,
        UNIQUE (instance, node, number)
    ) STRICT;
    CREATE INDEX run_alive ON run (instance, node) WHERE ended_at IS NULL;
"];

/// Brings a database to the newest version, each step in a transaction of its own.
pub fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (step, number) in STEPS.iter().zip(1_u32..).filter(|(_, number)| *number > version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}
