use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bollard::Docker;
use kinfra_rpc::{ErrorCode, Problem};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::watched::Entry;
use super::{Watched, follow};
use crate::resource_manager::adapters::docker::discovery::Address;
use crate::watch::Watcher;

/// An engine that takes longer to say how its containers are is not there.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the engine is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    Opening,
    Up,
    Down(Problem),
}

#[derive(Debug)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
    task: AbortHandle,
    /// Whoever makes a network first looks whether another has.
    pub networks: tokio::sync::Mutex<()>,
}

/// What the task has in its hands, which doesn't keep the engine followed.
#[derive(Debug)]
pub(super) struct Shared {
    pub address: Address,
    pub client: OnceLock<Docker>,
    /// By home and the container's name.
    containers: Mutex<HashMap<(String, String), Entry>>,
    pub link: watch::Sender<(Link, u64)>,
    pub try_now: Notify,
    pub watcher: Watcher,
}

impl Engine {
    /// Begins to follow it.
    #[must_use]
    pub fn open(address: Address, watcher: Watcher) -> Arc<Self> {
        let shared = Arc::new(Shared {
            address,
            client: OnceLock::new(),
            containers: Mutex::default(),
            link: watch::Sender::new((Link::Opening, 0)),
            try_now: Notify::new(),
            watcher,
        });
        let task = tokio::spawn(follow::follow(Arc::clone(&shared))).abort_handle();
        Arc::new(Self { shared, task, networks: tokio::sync::Mutex::default() })
    }

    #[must_use]
    pub fn address(&self) -> &Address {
        &self.shared.address
    }

    #[must_use]
    pub fn link(&self) -> Link {
        self.shared.link.borrow().0.clone()
    }

    /// How often it came, went or was tried in vain. What is found to have ended meanwhile may have ended with it.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.shared.link.borrow().1
    }

    /// The engine, as soon as it is followed. Tries at once where it is away.
    ///
    /// # Errors
    /// When it is away still.
    pub async fn ready(&self) -> Result<Docker, Problem> {
        let mut link = self.shared.link.subscribe();
        let seen = match &*link.borrow_and_update() {
            (Link::Down(_), change) => {
                self.shared.try_now.notify_one();
                *change
            }
            // What comes next counts, whatever it is.
            (Link::Opening | Link::Up, change) => change.saturating_sub(1),
        };
        let settled = link.wait_for(|(link, change)| match link {
            Link::Up => true,
            Link::Down(_) => *change > seen,
            Link::Opening => false,
        });
        let settled = timeout(PATIENCE, settled).await.ok().and_then(Result::ok).map(|link| link.0.clone());
        match (settled, self.shared.client.get()) {
            (Some(Link::Up), Some(client)) => Ok(client.clone()),
            (Some(Link::Down(problem)), _) => Err(problem),
            _ => {
                let message = format!("the Docker engine at {} doesn't answer", self.address());
                Err(Problem::new(ErrorCode::ResourceUnreachable, message)
                    .hint("look whether `docker ps` comes back"))
            }
        }
    }

    /// Waits until it is followed, however long that takes.
    pub async fn up(&self) {
        let mut link = self.shared.link.subscribe();
        // An error can't be: this very value holds the sender.
        let _ = link.wait_for(|(link, _)| *link == Link::Up).await;
    }

    /// Whether it takes requests: one that is being stopped closes its socket before it ends its containers, and goes
    /// on telling of that to those who hear already.
    pub async fn is_open(&self) -> bool {
        match self.address().socket() {
            #[cfg(unix)]
            Some(socket) => tokio::net::UnixStream::connect(socket).await.is_ok(),
            _ => self.link() == Link::Up,
        }
    }

    /// Waits until it is away, if it isn't yet, and is back.
    pub async fn up_again(&self) {
        let mut link = self.shared.link.subscribe();
        // An error can't be: this very value holds the sender.
        let _ = timeout(PATIENCE, link.wait_for(|(link, _)| *link != Link::Up)).await;
        self.up().await;
    }

    /// From now on what is heard of this container is kept.
    pub fn watch(self: &Arc<Self>, home: &str, name: &str) -> Watched {
        let mut containers = self.shared.containers();
        // Those that nobody watches any more.
        containers.retain(|_, entry| entry.known.sender_count() > 1);
        let entry = containers.entry((home.to_owned(), name.to_owned())).or_default().clone();
        Watched::new(name.to_owned(), entry, Arc::clone(self))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    pub fn containers(&self) -> MutexGuard<'_, HashMap<(String, String), Entry>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, new: Link) {
        self.link.send_modify(|(link, change)| {
            *link = new;
            *change += 1;
        });
    }
}
