use std::collections::BTreeMap;

use kinfra_rpc::Maintenance;

use super::database::{Store, StoreError};

impl Store {
    /// What is being worked on, by node.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn maintenance(&self, instance: String) -> Result<BTreeMap<String, Maintenance>, StoreError> {
        self.transaction("read what is being worked on", move |connection| {
            let sql = "SELECT node, since, note, until FROM maintenance WHERE instance = ?1";
            let mut query = connection.prepare_cached(sql)?;
            let read = query.query_map([instance], |row| {
                let (since, until): (i64, Option<i64>) = (row.get(1)?, row.get(3)?);
                let (since, until) = (since.cast_unsigned(), until.map(i64::cast_unsigned));
                Ok((row.get(0)?, Maintenance { since, note: row.get(2)?, until }))
            })?;
            read.collect()
        })
        .await
    }

    /// Of each of these nodes; none ends it.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn set_maintenance(
        &self,
        instance: String,
        nodes: Vec<(String, Option<Maintenance>)>,
    ) -> Result<(), StoreError> {
        self.transaction("store what is being worked on", move |connection| {
            for (node, maintenance) in &nodes {
                match maintenance {
                    None => connection.execute(
                        "DELETE FROM maintenance WHERE instance = ?1 AND node = ?2",
                        (&instance, node),
                    ),
                    Some(Maintenance { since, note, until }) => connection.execute(
                        "INSERT OR REPLACE INTO maintenance (instance, node, since, note, until)
                            VALUES (?1, ?2, ?3, ?4, ?5)",
                        (&instance, node, since.cast_signed(), note, until.map(u64::cast_signed)),
                    ),
                }?;
            }
            Ok(())
        })
        .await
    }
}
