//! Hears of a project's configuration being written, and of the files that it reads environments from.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::engine::Engine;
use crate::config::{NAMES, ProjectSpec};
use crate::orchestrator::{Command, Stack};
use crate::watch::{Scope, Subscription, Watcher};

/// The system's limits are other programs' business as well, and may be met no longer.
const TRY_AGAIN: Duration = Duration::from_secs(30);

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
        stack: &Stack,
        slug: &str,
        folder: &Path,
        spec: Option<&ProjectSpec>,
    ) -> ConfigurationWatch {
        let (engine, slug, files) = (self.weak.clone(), slug.to_owned(), files(folder, spec));
        let (watcher, stack, watched) = (self.services.watcher.clone(), stack.clone(), files.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let told = |problem| stack.tell(Command::Unwatched(problem));
            let what = "changes of its configuration";
            let Some(mut files) = subscribe(watcher, watched, what, told).await else { return };
            drop(stack);
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

/// As soon as the system allows it; `tell` hears why it does not, and that it does. None when nobody ever will.
pub(super) async fn subscribe<Told: Future<Output = ()>>(
    watcher: Watcher,
    files: Vec<PathBuf>,
    what: &str,
    tell: impl Fn(Option<Problem>) -> Told,
) -> Option<Subscription> {
    loop {
        let (watcher, scope) = (watcher.clone(), Scope::Files(files.clone()));
        match tokio::task::spawn_blocking(move || watcher.subscribe(scope)).await {
            Ok(Ok(subscription)) => {
                tell(None).await;
                return Some(subscription);
            }
            Ok(Err(error)) => {
                let message = format!("{what} are not seen by themselves: {error}");
                tracing::warn!("{message}");
                tell(Some(Problem::new(ErrorCode::Io, message).hint(error.hint()))).await;
            }
            // It panicked, which is logged where it happens.
            Err(_) => return None,
        }
        sleep(TRY_AGAIN).await;
    }
}
