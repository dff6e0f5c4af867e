use super::database::{Store, StoreError};

/// An account whose token is a secret. What was found with it is JSON, as whoever found it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    pub name: String,
    /// Cloudflare's id, where its user had to tell it.
    pub account: Option<String>,
    pub found: String,
}

impl Store {
    /// By name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn accounts(&self) -> Result<Vec<StoredAccount>, StoreError> {
        self.transaction("read the accounts", move |connection| {
            let mut query =
                connection.prepare_cached("SELECT name, account, found FROM account ORDER BY name")?;
            let rows = query.query_map([], |row| {
                Ok(StoredAccount { name: row.get(0)?, account: row.get(1)?, found: row.get(2)? })
            })?;
            rows.collect()
        })
        .await
    }

    /// In the place of one of this name.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn set_account(&self, account: StoredAccount) -> Result<(), StoreError> {
        self.transaction("store an account", move |connection| {
            let StoredAccount { name, account, found } = &account;
            let sql = "INSERT OR REPLACE INTO account (name, account, found) VALUES (?1, ?2, ?3)";
            connection.execute(sql, (name, account, found)).map(drop)
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn remove_account(&self, name: String) -> Result<(), StoreError> {
        self.transaction("forget an account", move |connection| {
            connection.execute("DELETE FROM account WHERE name = ?1", [&name]).map(drop)
        })
        .await
    }
}
