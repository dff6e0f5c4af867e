use std::collections::BTreeMap;

use super::database::{Store, StoreError};

/// What its user wants of one public name of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredExposure {
    /// `shop.example.com`; empty: a name of Cloudflare's own.
    pub host: String,
    pub path: String,
    /// False: its user has ended it.
    pub is_on: bool,
    /// When it ends by itself, in milliseconds since 1970.
    pub ends_at: Option<u64>,
}

impl Store {
    /// By instance and node.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn exposures(&self) -> Result<BTreeMap<(String, String), Vec<StoredExposure>>, StoreError> {
        self.transaction("read what is shared", move |connection| {
            let sql = "SELECT instance, node, host, path, is_on, ends_at FROM exposure ORDER BY host, path";
            let mut query = connection.prepare_cached(sql)?;
            let rows = query.query_map([], |row| {
                let ends_at: Option<i64> = row.get(5)?;
                let exposure = StoredExposure {
                    host: row.get(2)?,
                    path: row.get(3)?,
                    is_on: row.get(4)?,
                    ends_at: ends_at.map(i64::cast_unsigned),
                };
                Ok(((row.get(0)?, row.get(1)?), exposure))
            })?;
            let mut exposures: BTreeMap<_, Vec<StoredExposure>> = BTreeMap::new();
            for row in rows {
                let (node, exposure) = row?;
                exposures.entry(node).or_default().push(exposure);
            }
            Ok(exposures)
        })
        .await
    }

    /// All of one node, in the place of what was stored of it.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn set_exposures(
        &self,
        instance: String,
        node: String,
        exposures: Vec<StoredExposure>,
    ) -> Result<(), StoreError> {
        self.transaction("store what is shared", move |connection| {
            connection
                .execute("DELETE FROM exposure WHERE instance = ?1 AND node = ?2", (&instance, &node))?;
            for StoredExposure { host, path, is_on, ends_at } in &exposures {
                connection.execute(
                    "INSERT INTO exposure (instance, node, host, path, is_on, ends_at)
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    (&instance, &node, host, path, is_on, ends_at.map(u64::cast_signed)),
                )?;
            }
            Ok(())
        })
        .await
    }
}
