use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde_json::Value;

use super::database::{Store, StoreError};

/// The tunnel of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTunnel {
    pub name: String,
    /// None: about to be made.
    pub id: Option<String>,
    pub adopted: bool,
    /// Those it had before.
    pub former: Vec<String>,
    /// What its rules lead to, and led to before.
    pub origins: Vec<String>,
    /// Rules that were handed over, as they were.
    pub rules: Vec<Value>,
}

/// The record of one host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTunnelRecord {
    pub hostname: String,
    pub zone: String,
    /// None: about to be made.
    pub id: Option<String>,
    /// It was there before, and is still as it was.
    pub adopted: bool,
    /// What was there before.
    pub was: Option<Value>,
    /// What of others' the user allowed to be replaced.
    pub permit: Option<String>,
}

impl Store {
    /// What is known of the tunnel of an account, and of its records.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn tunnel(
        &self,
        account: String,
    ) -> Result<(Option<StoredTunnel>, Vec<StoredTunnelRecord>), StoreError> {
        self.transaction("read what is known of the tunnel", move |connection| {
            let sql = "SELECT name, id, adopted, former, origins, rules FROM tunnel WHERE account = ?1";
            let mut query = connection.prepare_cached(sql)?;
            let tunnel = query.query_map([&account], tunnel)?.next().transpose()?;
            let sql = "SELECT hostname, zone, id, adopted, was, permit FROM tunnel_record WHERE account = ?1";
            let mut query = connection.prepare_cached(sql)?;
            let records = query.query_map([&account], record)?.collect::<Result<_, _>>()?;
            Ok((tunnel, records))
        })
        .await
    }

    /// Writes what changed of an account: its tunnel, records to know, and host names to forget. All or nothing.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn set_tunnel(
        &self,
        account: String,
        tunnel: Option<StoredTunnel>,
        records: Vec<StoredTunnelRecord>,
        forgotten: Vec<String>,
    ) -> Result<(), StoreError> {
        self.transaction("store what is known of the tunnel", move |connection| {
            if let Some(tunnel) = &tunnel {
                write_tunnel(connection, &account, tunnel)?;
            }
            for record in &records {
                write_record(connection, &account, record)?;
            }
            for hostname in &forgotten {
                let sql = "DELETE FROM tunnel_record WHERE account = ?1 AND hostname = ?2";
                connection.execute(sql, (&account, hostname))?;
            }
            Ok(())
        })
        .await
    }
}

fn write_tunnel(connection: &Connection, account: &str, tunnel: &StoredTunnel) -> rusqlite::Result<()> {
    let StoredTunnel { name, id, adopted, former, origins, rules } = tunnel;
    let [former, origins] = [former, origins].map(|list| Value::from(list.clone()).to_string());
    let rules = Value::from(rules.clone()).to_string();
    connection
        .execute(
            "INSERT OR REPLACE INTO tunnel (account, name, id, adopted, former, origins, rules)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (account, name, id, adopted, former, origins, rules),
        )
        .map(drop)
}

fn write_record(connection: &Connection, account: &str, record: &StoredTunnelRecord) -> rusqlite::Result<()> {
    let StoredTunnelRecord { hostname, zone, id, adopted, was, permit } = record;
    connection
        .execute(
            "INSERT OR REPLACE INTO tunnel_record (account, hostname, zone, id, adopted, was, permit)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (account, hostname, zone, id, adopted, was.as_ref().map(Value::to_string), permit),
        )
        .map(drop)
}

fn tunnel(row: &Row<'_>) -> rusqlite::Result<StoredTunnel> {
    Ok(StoredTunnel {
        name: row.get(0)?,
        id: row.get(1)?,
        adopted: row.get(2)?,
        former: json(row, 3)?,
        origins: json(row, 4)?,
        rules: json(row, 5)?,
    })
}

fn record(row: &Row<'_>) -> rusqlite::Result<StoredTunnelRecord> {
    let was: Option<String> = row.get(4)?;
    Ok(StoredTunnelRecord {
        hostname: row.get(0)?,
        zone: row.get(1)?,
        id: row.get(2)?,
        adopted: row.get(3)?,
        was: was.map(|_| json(row, 4)).transpose()?,
        permit: row.get(5)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_is_known_of_a_tunnel_is_kept_by_account() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let tunnel = StoredTunnel {
            name: "kinfra-desk-0a1b2c3d".into(),
            id: None,
            adopted: false,
            former: vec!["old".into()],
            origins: vec!["unix:/a".into(), "unix:/b".into()],
            rules: vec![json!({ "hostname": "app.example.com" })],
        };
        let record = |hostname: &str, was| StoredTunnelRecord {
            hostname: hostname.into(),
            zone: "z".into(),
            id: Some("r".into()),
            adopted: true,
            was,
            permit: None,
        };
        let records =
            vec![record("a.example.com", None), record("b.example.com", Some(json!([{ "id": "r" }])))];
        store.set_tunnel("one".into(), Some(tunnel.clone()), records.clone(), vec![]).await.unwrap();
        assert_eq!(store.tunnel("one".into()).await.unwrap(), (Some(tunnel.clone()), records.clone()));
        assert_eq!(store.tunnel("other".into()).await.unwrap(), (None, vec![]));
        let made = StoredTunnel { id: Some("new".into()), ..tunnel };
        store
            .set_tunnel("one".into(), Some(made.clone()), vec![], vec!["a.example.com".into()])
            .await
            .unwrap();
        assert_eq!(store.tunnel("one".into()).await.unwrap(), (Some(made), records[1..].to_vec()));
    }
}
