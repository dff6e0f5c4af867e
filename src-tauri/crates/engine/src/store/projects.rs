use std::path::PathBuf;

use rusqlite::Row;

use super::database::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProject {
    /// Unique: the project's own slug for the first folder of its name, `instance.slug` for later ones.
    pub slug: String,
    pub name: String,
    pub folder: PathBuf,
}

impl Store {
    /// All projects, in the order in which they were added.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn projects(&self) -> Result<Vec<StoredProject>, StoreError> {
        self.transaction("read the projects", |connection| {
            let mut query =
                connection.prepare("SELECT slug, name, folder FROM project ORDER BY added_at, slug")?;
            query.query_map([], read)?.collect()
        })
        .await
    }

    /// Stores a new project. Its claims, which are flushed at once, take it along: they come after it in the log.
    ///
    /// # Errors
    /// When the slug or the folder is known already, or the database can't be written.
    pub async fn add_project(&self, project: StoredProject, added_at: u64) -> Result<(), StoreError> {
        self.soon_flushed_transaction("store a project", move |connection| {
            let folder = project.folder.to_string_lossy();
            let sql = "INSERT INTO project VALUES (?1, ?2, ?3, ?4)";
            connection.execute(sql, (&project.slug, &project.name, &folder, added_at.cast_signed())).map(drop)
        })
        .await
    }

    /// Its folder is another one now.
    ///
    /// # Errors
    /// When the folder is another project's, or the database can't be written.
    pub async fn move_project(&self, project: StoredProject) -> Result<(), StoreError> {
        self.transaction("store a project's folder", move |connection| {
            let folder = project.folder.to_string_lossy();
            let sql = "UPDATE project SET folder = ?2 WHERE slug = ?1";
            connection.execute(sql, (&project.slug, &folder)).map(drop)
        })
        .await
    }

    /// Forgets a project with its runs and desired state; its claims are the port registry's.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn remove_project(&self, slug: String) -> Result<(), StoreError> {
        self.transaction("forget a project", move |connection| {
            for sql in [
                "DELETE FROM desired WHERE instance = ?1",
                "DELETE FROM run WHERE instance = ?1",
                "DELETE FROM event WHERE instance = ?1",
                "DELETE FROM maintenance WHERE instance = ?1",
                "DELETE FROM exposure WHERE instance = ?1",
                "DELETE FROM project WHERE slug = ?1",
            ] {
                connection.execute(sql, [&slug])?;
            }
            Ok(())
        })
        .await
    }

    /// The nodes of an instance that the user wants to run.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn desired(&self, instance: String) -> Result<Vec<String>, StoreError> {
        self.transaction("read what is to run", move |connection| {
            let mut query = connection.prepare("SELECT node FROM desired WHERE instance = ?1")?;
            query.query_map([instance], |row| row.get(0))?.collect()
        })
        .await
    }

    /// Outlives a loss of power from some seconds later on.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn set_desired(&self, instance: String, nodes: Vec<String>) -> Result<(), StoreError> {
        self.soon_flushed_transaction("store what is to run", move |connection| {
            connection.execute("DELETE FROM desired WHERE instance = ?1", [&instance])?;
            for node in nodes {
                connection.execute("INSERT INTO desired VALUES (?1, ?2)", (&instance, node))?;
            }
            Ok(())
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredProject> {
    let folder: String = row.get(2)?;
    Ok(StoredProject { slug: row.get(0)?, name: row.get(1)?, folder: folder.into() })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_is_wanted_is_flushed_when_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kinfra.db");
        let (store, _) = Store::open(&file).unwrap();
        let log = || file.with_extension("db-wal").metadata().unwrap().len();
        store.set_desired("shop".to_owned(), vec!["api".to_owned()]).await.unwrap();
        let (before, flushes) = (log(), store.flushes());
        let begun = Instant::now();
        while store.flushes() == flushes || log() == before {
            assert!(begun.elapsed() < SOON, "never flushed, or by nothing that SQLite would flush");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(store.desired("shop".to_owned()).await.unwrap(), ["api"]);
    }

    #[tokio::test]
    async fn whoever_never_ceases_to_ask_keeps_nothing_from_being_flushed() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        store.set_desired("shop".to_owned(), vec!["api".to_owned()]).await.unwrap();
        let begun = Instant::now();
        while store.flushes() == 0 {
            assert!(begun.elapsed() < SOON, "never flushed");
            store.desired("shop".to_owned()).await.unwrap();
        }
    }
}
