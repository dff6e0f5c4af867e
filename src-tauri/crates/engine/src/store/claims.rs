use super::database::{Store, StoreError};

/// What a port is for. Its owner keeps it until the project is removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    pub instance: String,
    pub node: String,
    pub replica: u32,
    pub name: String,
    /// `tcp` or `udp`.
    pub protocol: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub key: ClaimKey,
    pub port: u16,
    /// `hash` when the allocator chose it, `user` when the configuration or the user did.
    pub origin: String,
}

impl Store {
    /// Every claim there is.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn claims(&self) -> Result<Vec<Claim>, StoreError> {
        self.transaction("read the port claims", |transaction| {
            let sql = "SELECT instance, node, replica, name, protocol, port, origin FROM claim";
            let mut query = transaction.prepare_cached(sql)?;
            let claims = query.query_map([], |row| {
                let key = ClaimKey {
                    instance: row.get(0)?,
                    node: row.get(1)?,
                    replica: row.get(2)?,
                    name: row.get(3)?,
                    protocol: row.get(4)?,
                };
                Ok(Claim { key, port: row.get(5)?, origin: row.get(6)? })
            })?;
            claims.collect()
        })
        .await
    }

    /// Stores claims, each in place of what its key had before.
    ///
    /// # Errors
    /// When a port is somebody else's, or the database can't be written; then none is stored.
    pub async fn set_claims(&self, claims: Vec<Claim>) -> Result<(), StoreError> {
        self.transaction("store the port claims", move |transaction| {
            let sql = "INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (instance, node, replica, name, protocol) DO UPDATE SET port = ?6, origin = ?7";
            for Claim { key, port, origin } in claims {
                let values = (key.instance, key.node, key.replica, key.name, key.protocol, port, origin);
                transaction.execute(sql, values)?;
            }
            Ok(())
        })
        .await
    }
}
