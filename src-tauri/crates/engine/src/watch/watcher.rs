//! Theory of operation: one watcher of the system's for all who want to hear of something, since a user may have only
//! some hundred of them (`fs.inotify.max_user_instances`). It watches single folders, never whole trees, so that what
//! is ignored costs nothing. Each subscription has its scope, and gets the paths that are in it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Scope;

/// Too many open files; here: more than `fs.inotify.max_user_instances`.
const EMFILE: i32 = 24;

/// A change is over when nothing has happened for this long: editors and builds write many files.
const QUIET: Duration = Duration::from_millis(100);
/// Somebody who writes without end is heard all the same.
const LONGEST: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WatchError {
    #[error("more files are to be watched than the system allows")]
    TooMany,
    #[error("more programs of this user watch files than the system allows")]
    TooManyWatchers,
    #[error("files can't be watched: {0}")]
    Other(String),
}

impl WatchError {
    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> String {
        let way_out = match self {
            Self::TooMany => "raise fs.inotify.max_user_watches, or watch less; ",
            Self::TooManyWatchers => "raise fs.inotify.max_user_instances; ",
            Self::Other(_) => "",
        };
        format!("{way_out}it is tried again every half a minute")
    }
}

#[derive(Debug, Clone, Default)]
pub struct Watcher {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    /// None until somebody wants to hear of something.
    system: Option<RecommendedWatcher>,
    subscribers: HashMap<u64, Subscriber>,
    /// How many subscriptions a folder is watched for.
    pub(super) folders: HashMap<PathBuf, usize>,
    next: u64,
}

#[derive(Debug)]
struct Subscriber {
    scope: Scope,
    folders: Vec<PathBuf>,
    changed: mpsc::UnboundedSender<PathBuf>,
}

/// Gets what changes, until it is dropped.
#[derive(Debug)]
pub struct Subscription {
    watcher: Watcher,
    id: u64,
    changed: mpsc::UnboundedReceiver<PathBuf>,
}

impl Watcher {
    /// Blocks for as long as reading the scope's folders takes.
    ///
    /// # Errors
    /// [`WatchError::TooMany`] when the system's limit is reached (`fs.inotify.max_user_watches`).
    pub fn subscribe(&self, mut scope: Scope) -> Result<Subscription, WatchError> {
        let folders = scope.folders();
        let (sender, changed) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        if inner.system.is_none() {
            inner.system = Some(self.watch_system()?);
        }
        let id = inner.next;
        inner.next += 1;
        inner.subscribers.insert(id, Subscriber { scope, folders: vec![], changed: sender });
        for folder in folders {
            if let Err(error) = inner.watch(id, folder) {
                inner.unsubscribe(id);
                return Err(error);
            }
        }
        drop(inner);
        Ok(Subscription { watcher: self.clone(), id, changed })
    }

    /// Events are handled by a thread of our own: the system's waits for nobody, and whoever watches one more folder
    /// waits for it.
    fn watch_system(&self) -> Result<RecommendedWatcher, WatchError> {
        let (sender, events) = std::sync::mpsc::channel::<Event>();
        let heard = move |event: notify::Result<Event>| match event {
            // An error means that nobody listens any more.
            Ok(event) if tells(&event) => drop(sender.send(event)),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a change of files may have been missed"),
        };
        let inner = Arc::downgrade(&self.inner);
        let handle = move || {
            for event in events {
                let Some(inner) = inner.upgrade() else { return };
                inner.lock().unwrap_or_else(PoisonError::into_inner).hear(&event);
            }
        };
        let thread = std::thread::Builder::new().name("kinfra-watch".to_owned()).spawn(handle);
        thread.map_err(|error| WatchError::Other(error.to_string()))?;
        notify::recommended_watcher(heard).map_err(|refused| match refused.kind {
            // Each watcher is a descriptor, and only the system's own limit of those is so low.
            ErrorKind::Io(io) if io.raw_os_error() == Some(EMFILE) => WatchError::TooManyWatchers,
            kind => error(notify::Error { kind, paths: refused.paths }),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn watch(&mut self, id: u64, folder: PathBuf) -> Result<(), WatchError> {
        let Self { system: Some(system), subscribers, folders, .. } = self else { return Ok(()) };
        let Some(subscriber) = subscribers.get_mut(&id) else { return Ok(()) };
        if subscriber.folders.contains(&folder) {
            return Ok(());
        }
        let users = folders.entry(folder.clone()).or_default();
        if *users == 0
            && let Err(refused) = system.watch(&folder, RecursiveMode::NonRecursive)
        {
            folders.remove(&folder);
            // It may be gone again.
            return if is_missing(&refused) { Ok(()) } else { Err(error(refused)) };
        }
        *users += 1;
        subscriber.folders.push(folder);
        Ok(())
    }

    fn unsubscribe(&mut self, id: u64) {
        let Some(subscriber) = self.subscribers.remove(&id) else { return };
        for folder in subscriber.folders {
            let Some(users) = self.folders.get_mut(&folder) else { continue };
            *users -= 1;
            if *users == 0 {
                self.folders.remove(&folder);
                if let Some(system) = &mut self.system {
                    // Refused for a folder that is gone.
                    let _ = system.unwatch(&folder);
                }
            }
        }
    }

    fn hear(&mut self, event: &Event) {
        for path in &event.paths {
            let is_new_folder = !matches!(event.kind, EventKind::Remove(_)) && path.is_dir();
            if is_new_folder {
                self.watch_new(path);
            } else if matches!(event.kind, EventKind::Remove(_)) {
                // The system has stopped watching it; should it come again, it is another folder.
                self.forget(path);
            }
            for subscriber in self.subscribers.values_mut() {
                if subscriber.scope.takes(path) {
                    // An error means that the subscription is just being dropped.
                    let _ = subscriber.changed.send(path.clone());
                }
            }
        }
    }

    fn watch_new(&mut self, folder: &Path) {
        let ids: Vec<u64> = self.subscribers.keys().copied().collect();
        for id in ids {
            let Some(subscriber) = self.subscribers.get_mut(&id) else { continue };
            for folder in subscriber.scope.folders_of_new(folder) {
                // What was written into it before it was watched.
                let files =
                    std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    for file in files.filter(|file| !file.is_dir()) {
                        if subscriber.scope.takes(&file) {
                            let _ = subscriber.changed.send(file);
                        }
                    }
                }
                if let Err(error) = self.watch(id, folder) {
                    tracing::warn!(%error, "a new folder is not watched");
                }
            }
        }
    }

    fn forget(&mut self, folder: &Path) {
        if self.folders.remove(folder).is_some() {
            for subscriber in self.subscribers.values_mut() {
                subscriber.folders.retain(|known| known != folder);
            }
        }
    }
}

impl Subscription {
    /// Waits for a change and until it is over; gives the paths, each once. None when nothing more can come.
    pub async fn changed(&mut self) -> Option<Vec<PathBuf>> {
        let mut paths = vec![self.changed.recv().await?];
        let deadline = Instant::now() + LONGEST;
        while let Ok(Some(path)) = timeout_at(deadline.min(Instant::now() + QUIET), self.changed.recv()).await
        {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        Some(paths)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.watcher.lock().unsubscribe(self.id);
    }
}

/// Reading changes nothing, and a write is told when its file is closed, or before.
fn tells(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn error(error: notify::Error) -> WatchError {
    match error.kind {
        ErrorKind::MaxFilesWatch => WatchError::TooMany,
        _ => WatchError::Other(error.to_string()),
    }
}
