//! The projects of a home and their ports: what can be known and changed with an engine and without one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Failure, Problem};

use super::instances::{unique_slug, wanted_ports};
use crate::clock::Clock;
use crate::config::{ProjectSpec, find, load_file};
use crate::port_registry::{Import, InstancePorts, PortRegistry};
use crate::service_manager::Holders;
use crate::store::{Store, StoredProject};

#[derive(Debug, Clone)]
pub struct Catalog {
    pub store: Store,
    pub ports: PortRegistry,
    pub clock: Clock,
    pub holders: Holders,
    /// Held while projects are added, removed or read again.
    pub loading: Arc<tokio::sync::Mutex<()>>,
}

/// What comes of a folder that was named.
pub enum Admission {
    Known(StoredProject),
    /// Its folder has another name now; the project is the same.
    Moved(StoredProject),
    New(NewProject),
}

pub struct NewProject {
    pub stored: StoredProject,
    pub spec: Box<ProjectSpec>,
    /// The folder of another project of its name.
    pub namesake: Option<PathBuf>,
}

impl Catalog {
    /// Makes a folder's project known. The caller holds `loading`.
    ///
    /// # Errors
    /// What is wrong with the folder or its configuration.
    pub async fn admit(&self, folder: &Path) -> Result<Admission, Failure> {
        let (file, folder) = root(folder)?;
        let known = self.store.projects().await?;
        if let Some(known) = known.iter().find(|known| known.folder == folder) {
            return Ok(Admission::Known(known.clone()));
        }
        let spec = load_file(&folder.join(file.file_name().unwrap_or_default()))?;
        if let Some(moved) = known.iter().find(|known| known.name == spec.name && !known.folder.exists()) {
            let moved = StoredProject { folder, ..moved.clone() };
            self.store.move_project(moved.clone()).await?;
            tracing::info!(project = moved.slug, folder = %moved.folder.display(), "moved");
            return Ok(Admission::Moved(moved));
        }
        // Nor like a service of the project's first folder, whose host it would have: `web.shop.localhost`.
        let first = spec.services.iter().filter(|service| service.is_first());
        let hosts: Vec<String> = first.map(|service| format!("{}.{}", service.slug, spec.slug)).collect();
        let taken = known.iter().map(|known| &known.slug).chain(&hosts).map(String::as_str);
        let slug = unique_slug(&spec.slug, &folder, &taken.collect::<Vec<_>>());
        let stored = StoredProject { slug, name: spec.name.clone(), folder };
        self.store.add_project(stored.clone(), self.clock.wall_now()).await?;
        tracing::info!(project = stored.slug, "added");
        let namesake = known.into_iter().find(|known| known.name == spec.name).map(|known| known.folder);
        Ok(Admission::New(NewProject { stored, spec: Box::new(spec), namesake }))
    }

    /// Gives services the ports that they had with KInfra 1.0, and says which of them can't be had.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn import(&self, instance: &str, imports: Vec<Import>) -> Result<Vec<Problem>, Failure> {
        if imports.is_empty() {
            return Ok(vec![]);
        }
        self.ports.import(instance, imports).await
    }

    /// Every project with its configuration, or what is wrong with that.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn projects(&self) -> Result<Vec<(StoredProject, Result<ProjectSpec, Vec<Problem>>)>, Failure> {
        let stored = self.store.projects().await?;
        Ok(stored.into_iter().map(|project| (project.clone(), read(&project.folder))).collect())
    }

    /// The ports of an instance, chosen now if they are not known yet.
    ///
    /// # Errors
    /// When a range is full or the store fails.
    pub async fn claim(&self, instance: &str, spec: &ProjectSpec) -> Result<InstancePorts, Failure> {
        self.ports.claim(instance, wanted_ports(&spec.services, spec.ports.range)).await
    }
}

/// The configuration in or above a folder, and the folder that it is in.
///
/// # Errors
/// When there is none.
pub fn root(folder: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let file = find(folder)?;
    let folder = canonical(file.parent().unwrap_or(folder))?;
    Ok((file, folder))
}

/// The configuration of just this folder: one of a folder above would be another project.
pub fn read(folder: &Path) -> Result<ProjectSpec, Vec<Problem>> {
    let file = find(folder).map_err(|problem| vec![problem])?;
    if file.parent() != Some(folder) {
        let message = format!("{} has no kinfra.yaml any more", folder.display());
        let problem = Problem::new(ErrorCode::ConfigMissing, message);
        return Err(vec![problem.hint("put it back, or forget the project: kinfra remove")]);
    }
    load_file(&file)
}

fn canonical(folder: &Path) -> Result<PathBuf, Problem> {
    fs::canonicalize(folder).map_err(|error| {
        Problem::new(ErrorCode::FolderMissing, format!("cannot look into {}: {error}", folder.display()))
    })
}
