//! The tables of a new database, as all steps together leave them: changed one by one they take nearly twice as long, while
//! the first start of all waits.

pub const TABLES: &str = "
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
        asked TEXT, former_tunnel TEXT, former_hostname TEXT,
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
        failures INTEGER NOT NULL DEFAULT 0, boot TEXT NOT NULL DEFAULT '', next TEXT, retry_at INTEGER, adapter TEXT,
        UNIQUE (instance, node, number)
    ) STRICT;
    CREATE INDEX run_alive ON run (instance, node) WHERE ended_at IS NULL;
    CREATE TABLE reservation (
        first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (first, last)
    ) STRICT;
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        instance TEXT NOT NULL, node TEXT NOT NULL, at INTEGER NOT NULL,
        run INTEGER, kind TEXT NOT NULL, text TEXT NOT NULL,
        lines TEXT
    ) STRICT;
    CREATE INDEX event_of_node ON event (instance, node, id);
    CREATE TABLE maintenance (
        instance TEXT NOT NULL, node TEXT NOT NULL,
        since INTEGER NOT NULL, note TEXT, until INTEGER,
        PRIMARY KEY (instance, node)
    ) STRICT;
    CREATE TABLE exposure (
        instance TEXT NOT NULL, node TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL,
        is_on INTEGER NOT NULL, ends_at INTEGER,
        PRIMARY KEY (instance, node, host, path)
    ) STRICT;
    CREATE TABLE account (name TEXT PRIMARY KEY, account TEXT, found TEXT NOT NULL) STRICT;
    CREATE TABLE tunnel (
        account TEXT PRIMARY KEY,
        name TEXT NOT NULL, id TEXT, adopted INTEGER NOT NULL,
        former TEXT NOT NULL, origins TEXT NOT NULL, rules TEXT NOT NULL
    ) STRICT;
    CREATE TABLE tunnel_record (
        account TEXT NOT NULL, hostname TEXT NOT NULL,
        zone TEXT NOT NULL, id TEXT, adopted INTEGER NOT NULL, was TEXT, permit TEXT,
        PRIMARY KEY (account, hostname)
    ) STRICT;
    CREATE TABLE former_connector (
        pid INTEGER NOT NULL, start_time INTEGER NOT NULL, boot TEXT NOT NULL, program TEXT NOT NULL,
        tunnel TEXT, hosts TEXT NOT NULL, config TEXT,
        PRIMARY KEY (pid, start_time)
    ) STRICT;
";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::schema::migrate_from_the_first;
    use super::*;

    /// A line for each column, index and table, with all that there is to know of it.
    fn described(connection: &Connection) -> Vec<String> {
        let lines = |sql: &str| -> Vec<String> {
            let mut query = connection.prepare(sql).unwrap();
            query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        [
            lines(
                "SELECT format('%s %s: %s', it.type, it.tbl_name, it.name) FROM sqlite_schema it ORDER BY it.name",
            ),
            lines(
                "SELECT format('%s.%d %s %s %d %s %d', it.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk)
                FROM sqlite_schema it, pragma_table_xinfo(it.name) c WHERE it.type = 'table' ORDER BY it.name, c.cid",
            ),
            lines(
                "SELECT format('%s.%s %d %s %d %d %s', it.name, i.name, i.\"unique\", i.origin, i.partial, c.seqno, c.name)
                FROM sqlite_schema it, pragma_index_list(it.name) i, pragma_index_xinfo(i.name) c
                WHERE it.type = 'table' ORDER BY it.name, i.name, c.seqno",
            ),
        ]
        .concat()
    }

    #[test]
    fn a_new_database_is_as_one_that_took_every_step() {
        let mut stepped = Connection::open_in_memory().unwrap();
        migrate_from_the_first(&mut stepped).unwrap();
        let fresh = Connection::open_in_memory().unwrap();
        fresh.execute_batch(TABLES).unwrap();
        assert_eq!(described(&fresh), described(&stepped));
        assert!(described(&fresh).len() > 100);
    }
}
