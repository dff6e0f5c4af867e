use kinfra_rpc::{PortOrigin, PortRange, Protocol};
use rusqlite::{Connection, Row};

/// What a port is for. Its owner keeps it until the project is removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    pub instance: String,
    pub node: String,
    pub replica: u32,
    pub name: String,
    pub protocol: Protocol,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub key: ClaimKey,
    pub port: u16,
    pub origin: PortOrigin,
    /// What the configuration asked for when the port was chosen: as long as it asks for the same, the port stays.
    /// None when that isn't known, for claims of the first schema.
    pub asked: Option<String>,
    /// The tunnel of KInfra 1.0 that led here.
    pub former_tunnel: Option<String>,
    /// The host name of KInfra 1.0 that led here.
    pub former_hostname: Option<String>,
}

/// Ports that a person keeps out of the allocator's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    pub range: PortRange,
    pub reason: String,
}

/// The statements about claims, for work inside a transaction.
pub struct Claims<'c>(pub &'c Connection);

impl Claims<'_> {
    /// # Errors
    /// When the database can't be read.
    pub fn all(&self) -> rusqlite::Result<Vec<Claim>> {
        let sql = "SELECT instance, node, replica, name, protocol, port, origin, asked, former_tunnel, former_hostname
            FROM claim";
        self.0.prepare_cached(sql)?.query_map([], read)?.collect()
    }

    /// Stores a claim in place of what its key had before.
    ///
    /// # Errors
    /// When the port is somebody else's, or the database can't be written.
    pub fn set(&self, claim: &Claim) -> rusqlite::Result<()> {
        let sql = "INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (instance, node, replica, name, protocol)
            DO UPDATE SET port = ?6, origin = ?7, asked = ?8, former_tunnel = ?9, former_hostname = ?10";
        let Claim { key, port, origin, asked, former_tunnel, former_hostname } = claim;
        let (protocol, origin) = (key.protocol.word(), origin.word());
        let mut statement = self.0.prepare_cached(sql)?;
        statement.execute(rusqlite::params![
            key.instance,
            key.node,
            key.replica,
            key.name,
            protocol,
            port,
            origin,
            asked,
            former_tunnel,
            former_hostname
        ])?;
        Ok(())
    }

    /// # Errors
    /// When the database can't be written.
    pub fn remove(&self, key: &ClaimKey) -> rusqlite::Result<()> {
        let sql = "DELETE FROM claim WHERE instance = ?1 AND node = ?2 AND replica = ?3 AND name = ?4 AND protocol = ?5";
        let key = (&key.instance, &key.node, key.replica, &key.name, key.protocol.word());
        self.0.execute(sql, key).map(drop)
    }

    /// Gives all ports of an instance back.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn remove_instance(&self, instance: &str) -> rusqlite::Result<()> {
        self.0.execute("DELETE FROM claim WHERE instance = ?1", [instance]).map(drop)
    }

    /// # Errors
    /// When the database can't be read.
    pub fn reservations(&self) -> rusqlite::Result<Vec<Reservation>> {
        let mut query = self.0.prepare("SELECT first, last, reason FROM reservation ORDER BY first, last")?;
        let reservation = |row: &Row<'_>| {
            let range = PortRange { first: row.get(0)?, last: row.get(1)? };
            Ok(Reservation { range, reason: row.get(2)? })
        };
        query.query_map([], reservation)?.collect()
    }

    /// # Errors
    /// When the database can't be written.
    pub fn reserve(&self, Reservation { range, reason }: &Reservation) -> rusqlite::Result<()> {
        let sql =
            "INSERT INTO reservation VALUES (?1, ?2, ?3) ON CONFLICT (first, last) DO UPDATE SET reason = ?3";
        self.0.execute(sql, (range.first, range.last, reason)).map(drop)
    }

    /// Whether there was such a reservation.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn release(&self, range: PortRange) -> rusqlite::Result<bool> {
        let sql = "DELETE FROM reservation WHERE first = ?1 AND last = ?2";
        Ok(self.0.execute(sql, (range.first, range.last))? > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Claim> {
    let protocol: String = row.get(4)?;
    let origin: String = row.get(6)?;
    let key = ClaimKey {
        instance: row.get(0)?,
        node: row.get(1)?,
        replica: row.get(2)?,
        name: row.get(3)?,
        protocol: if protocol == Protocol::Udp.word() { Protocol::Udp } else { Protocol::Tcp },
    };
    Ok(Claim {
        key,
        port: row.get(5)?,
        origin: origin_of(&origin),
        asked: row.get(7)?,
        former_tunnel: row.get(8)?,
        former_hostname: row.get(9)?,
    })
}

fn origin_of(word: &str) -> PortOrigin {
    let all = [PortOrigin::Hash, PortOrigin::User, PortOrigin::Import, PortOrigin::Adopted];
    // A word of a later version: whoever wrote it chose the port on purpose.
    all.into_iter().find(|origin| origin.word() == word).unwrap_or(PortOrigin::User)
}
