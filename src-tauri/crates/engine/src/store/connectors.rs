use std::path::PathBuf;

use rusqlite::Row;
use rusqlite::types::Type;

use super::database::{Store, StoreError};

/// A cloudflared that KInfra 1.0 had started and that went on when its user moved over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConnector {
    pub pid: u32,
    pub start_time: u64,
    /// Names the boot of the machine: in another one the pid is another's.
    pub boot: String,
    /// As the kernel calls it.
    pub program: String,
    /// The id or the name of its tunnel; none: a name of Cloudflare's own.
    pub tunnel: Option<String>,
    pub hosts: Vec<String>,
    /// The file that it was started with.
    pub config: Option<PathBuf>,
}

impl Store {
    /// # Errors
    /// When the database can't be read.
    pub async fn connectors(&self) -> Result<Vec<StoredConnector>, StoreError> {
        self.transaction("read which old connectors there are", |connection| {
            let sql = "SELECT pid, start_time, boot, program, tunnel, hosts, config FROM former_connector
                ORDER BY tunnel, pid";
            connection.prepare_cached(sql)?.query_map([], connector)?.collect()
        })
        .await
    }

    /// Writes down those that are not known yet, all or none.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn know_connectors(&self, connectors: Vec<StoredConnector>) -> Result<(), StoreError> {
        self.transaction("write old connectors down", move |connection| {
            for StoredConnector { pid, start_time, boot, program, tunnel, hosts, config } in &connectors {
                let hosts = serde_json::Value::from(hosts.clone()).to_string();
                let config = config.as_ref().map(|config| config.to_string_lossy());
                connection.execute(
                    "INSERT OR REPLACE INTO former_connector
                        (pid, start_time, boot, program, tunnel, hosts, config)
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    (pid, start_time.cast_signed(), boot, program, tunnel, hosts, config),
                )?;
            }
            Ok(())
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn forget_connectors(&self, gone: Vec<(u32, u64)>) -> Result<(), StoreError> {
        self.transaction("forget old connectors", move |connection| {
            for (pid, start_time) in &gone {
                let sql = "DELETE FROM former_connector WHERE pid = ?1 AND start_time = ?2";
                connection.execute(sql, (pid, start_time.cast_signed()))?;
            }
            Ok(())
        })
        .await
    }
}

fn connector(row: &Row<'_>) -> rusqlite::Result<StoredConnector> {
    let start_time: i64 = row.get(1)?;
    let hosts: String = row.get(5)?;
    let config: Option<String> = row.get(6)?;
    Ok(StoredConnector {
        pid: row.get(0)?,
        start_time: start_time.cast_unsigned(),
        boot: row.get(2)?,
        program: row.get(3)?,
        tunnel: row.get(4)?,
        hosts: serde_json::from_str(&hosts)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(error)))?,
        config: config.map(PathBuf::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_old_connector_is_a_pid_and_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let one = StoredConnector {
            pid: 7,
            start_time: 100,
            boot: "b".into(),
            program: "cloudflared".into(),
            tunnel: Some("t".into()),
            hosts: vec!["a.example.com".into()],
            config: Some("/home/me/.cloudflared/config-a.yml".into()),
        };
        let other = StoredConnector { start_time: 101, tunnel: None, config: None, ..one.clone() };
        store.know_connectors(vec![one.clone(), other.clone()]).await.unwrap();
        store.know_connectors(vec![one.clone()]).await.unwrap();
        assert_eq!(store.connectors().await.unwrap(), [other.clone(), one]);
        store.forget_connectors(vec![(7, 100)]).await.unwrap();
        assert_eq!(store.connectors().await.unwrap(), [other]);
    }
}
