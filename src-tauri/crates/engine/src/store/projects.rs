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
        self.transaction("read the projects", |transaction| {
            let mut query =
                transaction.prepare("SELECT slug, name, folder FROM project ORDER BY added_at, slug")?;
            query.query_map([], read)?.collect()
        })
        .await
    }

    /// Stores a new project.
    ///
    /// # Errors
    /// When the slug or the folder is known already, or the database can't be written.
    pub async fn add_project(&self, project: StoredProject, added_at: u64) -> Result<(), StoreError> {
        self.transaction("store a project", move |transaction| {
            let folder = project.folder.to_string_lossy();
            let sql = "INSERT INTO project VALUES (?1, ?2, ?3, ?4)";
            transaction
                .execute(sql, (&project.slug, &project.name, &folder, added_at.cast_signed()))
                .map(drop)
        })
        .await
    }

    /// Forgets a project with its claims, runs and desired state.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn remove_project(&self, slug: String) -> Result<(), StoreError> {
        self.transaction("forget a project", move |transaction| {
            for sql in [
                "DELETE FROM claim WHERE instance = ?1",
                "DELETE FROM desired WHERE instance = ?1",
                "DELETE FROM run WHERE instance = ?1",
                "DELETE FROM project WHERE slug = ?1",
            ] {
                transaction.execute(sql, [&slug])?;
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
        self.transaction("read what is to run", move |transaction| {
            let mut query = transaction.prepare("SELECT node FROM desired WHERE instance = ?1")?;
            query.query_map([instance], |row| row.get(0))?.collect()
        })
        .await
    }

    /// # Errors
    /// When the database can't be written.
    pub async fn set_desired(&self, instance: String, nodes: Vec<String>) -> Result<(), StoreError> {
        self.transaction("store what is to run", move |transaction| {
            transaction.execute("DELETE FROM desired WHERE instance = ?1", [&instance])?;
            for node in nodes {
                transaction.execute("INSERT INTO desired VALUES (?1, ?2)", (&instance, node))?;
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
