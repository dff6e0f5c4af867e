//! The user's own settings: shown, changed, and heard of when they are changed by other means.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use kinfra_keeper::segments::LOG_BYTES;
use kinfra_rpc::{ChangeSettings, ErrorCode, Failure, Problem, Settings};
use tokio_util::task::AbortOnDropHandle;

use super::configuration_watch::subscribe;
use super::engine::Engine;
use super::options::registry_options;
use crate::config::{Edited, SETTINGS_NAMES, UserSettings, load_user_settings, settings_file, with_restore};
use crate::events::Standing;
use crate::home::Home;
use crate::replacing::replace;

/// What is read is what is changed: one at a time.
static CHANGING: Mutex<()> = Mutex::new(());

/// What the file says now.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(home: &Home, environment: &BTreeMap<String, String>) -> Result<Settings, Failure> {
    let settings = load_user_settings(&home.config)?;
    let file = settings_file(&home.config)?;
    let UserSettings { restore, log_bytes, .. } = settings;
    let ports = registry_options(settings, environment)?;
    Ok(Settings {
        exists: file.is_file(),
        file,
        restore,
        range: ports.range,
        reserved: ports.reserved,
        log_bytes: log_bytes.unwrap_or(LOG_BYTES),
    })
}

/// Writes into the file what is asked for, and nothing else.
///
/// # Errors
/// What is wrong with the file, which is then left as it is; or that it can't be written.
pub(super) fn change(
    home: &Home,
    environment: &BTreeMap<String, String>,
    change: ChangeSettings,
) -> Result<Settings, Failure> {
    let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(restore) = change.restore
        && let Some(edited) = with_restore(&home.config, restore)?
    {
        write(&home.config, &edited).map_err(|error| not_written(&edited.file, &error))?;
    }
    read(home, environment)
}

fn write(folder: &Path, edited: &Edited) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    replace(&edited.file, &edited.text)
}

fn not_written(file: &Path, error: &io::Error) -> Problem {
    let message = format!("cannot write the settings to {}: {error}", file.display());
    Problem::new(ErrorCode::Io, message).hint("the file and its folder must be writable for you")
}

impl Engine {
    pub(super) fn read_settings(&self) -> Result<Settings, Failure> {
        let settings = read(&self.options.home, &self.options.environment)?;
        self.show_restore(settings.restore);
        Ok(settings)
    }

    pub(super) fn change_settings(&self, asked: ChangeSettings) -> Result<Settings, Failure> {
        let settings = change(&self.options.home, &self.options.environment, asked)?;
        self.show_restore(settings.restore);
        Ok(settings)
    }

    fn show_restore(&self, restore: bool) {
        self.hub.change_engine(|engine| engine.restore = restore);
    }

    /// Hears of the file being written by hand. A folder that isn't there yet is not waited for.
    pub(super) fn watch_settings(&self) -> AbortOnDropHandle<()> {
        let engine = self.weak.clone();
        let folder = self.options.home.config.clone();
        let (watcher, unwatched) = (self.services.watcher.clone(), Standing::new(&self.hub));
        AbortOnDropHandle::new(tokio::spawn(async move {
            if !folder.is_dir() {
                return;
            }
            let files = SETTINGS_NAMES.iter().map(|name| folder.join(name)).collect();
            let told = |problem| async { unwatched.set(problem) };
            let Some(mut files) = subscribe(watcher, files, "changes of the settings", told).await else {
                return;
            };
            while files.changed().await.is_some() {
                let Some(engine) = engine.upgrade() else { return };
                if let Err(failure) = engine.read_settings() {
                    tracing::warn!(%failure, "the changed settings can't be read");
                }
            }
        }))
    }
}
