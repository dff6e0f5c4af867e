use std::sync::Arc;

use bollard::models::ContainerInspectResponse;
use kinfra_rpc::Exit;
use tokio::sync::watch;

use super::{Engine, Known, Run};
use crate::resource_manager::adapters::docker::labels;

/// One container, whether it is there or not: told by its name and our mark.
#[derive(Debug)]
pub struct Watched {
    pub name: String,
    entry: Entry,
    /// It is followed for as long as somebody watches.
    pub engine: Arc<Engine>,
}

/// The same, in the hands of the engine's task.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub home: String,
    pub known: watch::Sender<Known>,
}

impl Entry {
    pub fn new(home: &str) -> Self {
        Self { home: home.to_owned(), known: watch::Sender::default() }
    }

    pub fn is_ours(&self, found: &ContainerInspectResponse) -> bool {
        let labels = found.config.as_ref().and_then(|config| config.labels.as_ref());
        labels.and_then(|labels| labels.get(labels::HOME)) == Some(&self.home)
    }

    pub fn look(&self, found: Option<&ContainerInspectResponse>) {
        self.known.send_if_modified(|known| {
            let before = known.clone();
            known.look(found);
            *known != before
        });
    }
}

impl Watched {
    pub(super) fn new(name: String, entry: Entry, engine: Arc<Engine>) -> Self {
        Self { name, entry, engine }
    }

    pub fn known(&self) -> Known {
        self.entry.known.borrow().clone()
    }

    /// Takes over what was found by asking: ours, or nothing.
    pub fn look(&self, found: Option<&ContainerInspectResponse>) {
        self.entry.look(found);
    }

    pub async fn ended(&self) -> Exit {
        let mut known = self.entry.known.subscribe();
        let over = known.wait_for(|known| matches!(known.run, Run::Down(_) | Run::Absent)).await;
        // An error can't be: this very value holds the sender.
        match over.map(|known| known.run) {
            Ok(Run::Down(Some(exit))) => exit,
            _ => Exit::default(),
        }
    }
}
