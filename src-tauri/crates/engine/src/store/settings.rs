use rusqlite::Connection;

use super::database::{Store, StoreError};

impl Store {
    /// A setting of this home, such as the proxy's port.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn setting(&self, name: impl Into<String>) -> Result<Option<String>, StoreError> {
        let name = name.into();
        self.transaction("read a setting", move |connection| {
            let mut query = connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            query.query_map([name], |row| row.get(0))?.next().transpose()
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn remove_setting(&self, name: impl Into<String>) -> Result<(), StoreError> {
        self.remove_settings(vec![name.into()]).await
    }

    /// All of these at once.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn remove_settings(&self, names: Vec<String>) -> Result<(), StoreError> {
        self.transaction("forget settings", move |connection| {
            let mut statement = connection.prepare_cached("DELETE FROM setting WHERE name = ?1")?;
            names.iter().try_for_each(|name| statement.execute([name]).map(drop))
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn set_setting(&self, name: impl Into<String>, value: String) -> Result<(), StoreError> {
        self.transaction("store a setting", set(name.into(), value)).await
    }

    /// The same for what would come out the same again: nobody waits for the disk.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn note_setting(&self, name: impl Into<String>, value: String) -> Result<(), StoreError> {
        self.soon_flushed_transaction("note a setting", set(name.into(), value)).await
    }
}

fn set(name: String, value: String) -> impl FnOnce(&Connection) -> rusqlite::Result<()> {
    let sql = "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
    move |connection| connection.execute(sql, (name, value)).map(drop)
}
