//! The tables, and the steps from each version to the next. A step once released is never changed.

use rusqlite::Connection;

const STEPS: &[&str] = &[
    "
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
    ",
    // What the configuration asked for when the port was chosen (none: not known), and what the claim's service was
    // reached by in KInfra 1.0.
    "
    ALTER TABLE claim ADD COLUMN asked TEXT;
    ALTER TABLE claim ADD COLUMN former_tunnel TEXT;
    ALTER TABLE claim ADD COLUMN former_hostname TEXT;
    CREATE TABLE reservation (
        first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (first, last)
    ) STRICT;
    ",
    // How often a run's node had failed before it, since which boot it ran, what was to come after it (none: not known)
    // and when; and the timeline of each node.
    "
    ALTER TABLE run ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE run ADD COLUMN boot TEXT NOT NULL DEFAULT '';
    ALTER TABLE run ADD COLUMN next TEXT;
    ALTER TABLE run ADD COLUMN retry_at INTEGER;
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        instance TEXT NOT NULL, node TEXT NOT NULL, at INTEGER NOT NULL,
        run INTEGER, kind TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_of_node ON event (instance, node, id);
    ",
    // Services whose visitors are shown that they are being worked on.
    "
    CREATE TABLE maintenance (
        instance TEXT NOT NULL, node TEXT NOT NULL,
        since INTEGER NOT NULL, note TEXT, until INTEGER,
        PRIMARY KEY (instance, node)
    ) STRICT;
    ",
    // What a node had said last before what happened to it: a JSON list.
    "
    ALTER TABLE event ADD COLUMN lines TEXT;
    ",
    // What is shared of each node, as its user wants it; an empty host is a name of Cloudflare's own.
    "
    CREATE TABLE exposure (
        instance TEXT NOT NULL, node TEXT NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL,
        is_on INTEGER NOT NULL, ends_at INTEGER,
        PRIMARY KEY (instance, node, host, path)
    ) STRICT;
    ",
    // Accounts at Cloudflare whose tokens are secrets, and what was found with them (JSON).
    "
    CREATE TABLE account (name TEXT PRIMARY KEY, account TEXT, found TEXT NOT NULL) STRICT;
    ",
    // What KInfra made at Cloudflare, or is about to make (then without an id): the tunnel of each account, with the
    // ids that it had before, the origins that its rules led to, and the rules of others that were handed over (JSON
    // lists); and the records, with what was there before, and what the user allowed to be replaced.
    "
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
    ",
    // The type of the resource whose adapter has a run; none for a process.
    "
    ALTER TABLE run ADD COLUMN adapter TEXT;
    ",
    // Cloudflareds that KInfra 1.0 had started and that went on, with the host names that they serve (a JSON list).
    "
    CREATE TABLE former_connector (
        pid INTEGER NOT NULL, start_time INTEGER NOT NULL, boot TEXT NOT NULL, program TEXT NOT NULL,
        tunnel TEXT, hosts TEXT NOT NULL, config TEXT,
        PRIMARY KEY (pid, start_time)
    ) STRICT;
    ",
];

/// The version that this KInfra writes.
#[allow(clippy::cast_possible_truncation)] // a handful
pub const NEWEST: u32 = STEPS.len() as u32;

/// 0 for a new file.
pub fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database to the newest version, or leaves it as it was.
pub fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    migrate_to(connection, NEWEST)
}

fn migrate_to(connection: &mut Connection, target: u32) -> rusqlite::Result<()> {
    let version = version(connection)?;
    if version >= target {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for (step, number) in STEPS.iter().zip(1_u32..) {
        if version < number && number <= target {
            transaction.execute_batch(step)?;
        }
    }
    transaction.pragma_update(None, "user_version", target)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_earlier_version_stored_is_there_in_the_newest() {
        for earlier in 1..=NEWEST {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate_to(&mut connection, earlier).unwrap();
            connection
                .execute_batch(
                    "INSERT INTO setting VALUES ('proxy_port', '7081');
                    INSERT INTO project VALUES ('shop', 'Shop', '/home/me/shop', 5);
                    INSERT INTO claim (instance, node, replica, name, protocol, port, origin)
                        VALUES ('shop', 'api', 0, 'http', 'tcp', 23828, 'hash');
                    INSERT INTO desired VALUES ('shop', 'api');
                    INSERT INTO run (id, instance, node, number, restarts, fingerprint, started_at)
                        VALUES ('a1', 'shop', 'api', 1, 0, 'f', 6);",
                )
                .unwrap();
            migrate(&mut connection).unwrap();
            assert_eq!(version(&connection).unwrap(), NEWEST);
            let sql = "SELECT setting.value || project.folder || claim.port || desired.node || run.id
                FROM setting, project, claim, desired, run";
            let all: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(all, "7081/home/me/shop23828apia1", "from version {earlier}");
        }
    }
}
