//! Hears of a project's configuration being written, and of the files that it reads environments from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::engine::Engine;
use crate::config::{NAMES, ProjectSpec};
use crate::watch::Scope;

/// Listens for as long as it is kept.
#[derive(Debug, Clone)]
pub struct ConfigurationWatch {
    files: Vec<PathBuf>,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl ConfigurationWatch {
    pub fn is_of(&self, folder: &Path, spec: Option<&ProjectSpec>) -> bool {
        self.files == files(folder, spec)
    }
}

fn files(folder: &Path, spec: Option<&ProjectSpec>) -> Vec<PathBuf> {
    let names = NAMES.iter().map(|name| folder.join(name));
    names.chain(spec.map(ProjectSpec::environment_files).unwrap_or_default()).collect()
}

impl Engine {
    pub(super) fn watch_configuration(
        &self,
        slug: &str,
        folder: &Path,
        spec: Option<&ProjectSpec>,
    ) -> ConfigurationWatch {
        let (engine, slug, files) = (self.weak.clone(), slug.to_owned(), files(folder, spec));
        let scope = Scope::Files(files.clone());
        let watcher = self.services.watcher.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let subscribed = tokio::task::spawn_blocking(move || watcher.subscribe(scope)).await;
            let mut files = match subscribed {
                Ok(Ok(files)) => files,
                Ok(Err(error)) => {
                    tracing::warn!(project = slug, %error, "changes of the configuration are not seen by themselves");
                    return;
                }
                // It panicked, which is logged where it happens.
                Err(_) => return,
            };
            while files.changed().await.is_some() {
                let Some(engine) = engine.upgrade() else { return };
                if let Err(failure) = engine.look_at_configuration(&slug).await {
                    tracing::warn!(project = slug, %failure, "the changed configuration can't be looked at");
                }
            }
        }));
        ConfigurationWatch { files, _task: Arc::new(task) }
    }
}
