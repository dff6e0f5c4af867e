//! Hears of a project's configuration being written.

use std::path::Path;

use tokio_util::task::AbortOnDropHandle;

use super::engine::Engine;
use crate::config::NAMES;
use crate::watch::Scope;

impl Engine {
    pub(super) fn watch_configuration(&self, slug: &str, folder: &Path) -> AbortOnDropHandle<()> {
        let (engine, slug) = (self.weak.clone(), slug.to_owned());
        let scope = Scope::Files(NAMES.iter().map(|name| folder.join(name)).collect());
        let watcher = self.services.watcher.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
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
        }))
    }
}
