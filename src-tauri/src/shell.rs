use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kinfra_engine::control::Client;
use kinfra_rpc::{InspectResource, Inspection, Snapshot};
use kinfra_tray::Presenter;
use tauri::{AppHandle, Manager};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::host::Link;
use crate::surroundings::Surroundings;

/// What the parts of the shell share. Each has one writer: `tray::follow` the state, the link and what is wanted of
/// the next login, `presence` the tray host, `rpc` the window's tasks and the
/// URLs that were named.
pub struct Shell {
    pub surroundings: Surroundings,
    /// Another one when the engine that was elsewhere has ended.
    pub link: watch::Sender<Link>,
    /// The newest state.
    pub state: Mutex<Snapshot>,
    /// What the tray shows.
    pub presenter: Mutex<Presenter>,
    /// Whether something holds tray icons. Taken to be so until it is known.
    pub tray_host: watch::Sender<bool>,
    /// Whether the app is to start at login, and to start again what ran.
    pub restore: watch::Sender<bool>,
    /// The URLs that the engine has named for resources that run elsewhere, by project and resource.
    pub named_urls: Mutex<HashMap<(String, String), BTreeSet<String>>>,
    /// What the open window follows.
    pub window_tasks: Mutex<WindowTasks>,
}

#[derive(Debug, Default)]
pub struct WindowTasks {
    pub watch: Option<AbortHandle>,
    pub notice: Option<AbortHandle>,
}

impl Shell {
    pub fn new(surroundings: Surroundings, link: Link) -> Arc<Self> {
        Arc::new(Self {
            surroundings,
            link: watch::Sender::new(link),
            state: Mutex::default(),
            presenter: Mutex::default(),
            tray_host: watch::Sender::new(true),
            restore: watch::Sender::new(false),
            named_urls: Mutex::default(),
            window_tasks: Mutex::default(),
        })
    }

    /// The window may have these pages opened now.
    pub fn note_urls(&self, of: InspectResource, seen: &Inspection) {
        let facts = seen.facts.iter().filter_map(|fact| fact.url.clone());
        let items = seen.lists.iter().flat_map(|list| &list.items).filter_map(|item| item.url.clone());
        lock(&self.named_urls).insert((of.project, of.resource), facts.chain(items).collect());
    }

    pub fn of(app: &AppHandle) -> Arc<Self> {
        Arc::clone(&app.state::<Arc<Self>>())
    }

    pub fn link(&self) -> Link {
        self.link.borrow().clone()
    }

    pub fn client(&self) -> Client {
        self.link.borrow().client.clone()
    }
}

/// Locks what no panic can leave half done.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
