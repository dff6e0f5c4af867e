//! Who is on a port, told in what the user knows: projects, services and containers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfra_rpc::{PortHolder, Protocol};
use rustix::process::geteuid;
use tokio::sync::OnceCell;

use crate::process::{Containers, HeldBy, Identity, holder};
use crate::store::{Store, StoredProject, StoredRun};

#[derive(Debug, Clone)]
pub struct Holders {
    store: Store,
    /// Where a Docker engine listens, if there is one.
    docker: PathBuf,
}

/// Who is on a port.
#[derive(Debug, Clone)]
pub struct Held {
    pub process: Option<Identity>,
    /// It is a socket of this user's, and no process has it.
    pub is_of_nobody: bool,
    pub shown: PortHolder,
    /// The run of this home's that it belongs to.
    pub run: Option<StoredRun>,
}

/// Names many holders; what that needs is asked for once.
pub struct Naming<'h> {
    holders: &'h Holders,
    containers: OnceCell<Option<Containers>>,
    projects: OnceCell<Vec<StoredProject>>,
}

impl Holders {
    /// Docker is asked where `DOCKER_HOST` says, else where it usually listens.
    #[must_use]
    pub fn new(store: Store, environment: &BTreeMap<String, String>) -> Self {
        let named = environment.get("DOCKER_HOST").and_then(|host| host.strip_prefix("unix://"));
        Self { store, docker: named.unwrap_or("/var/run/docker.sock").into() }
    }

    /// Who is on this port now.
    pub async fn on(&self, port: u16, protocol: Protocol) -> Option<Held> {
        // An error means that it panicked, which is logged where it happens.
        let by = tokio::task::spawn_blocking(move || holder(port, protocol)).await.ok().flatten()?;
        Some(self.naming().name(by, port, protocol).await)
    }

    #[must_use]
    pub fn naming(&self) -> Naming<'_> {
        Naming { holders: self, containers: OnceCell::new(), projects: OnceCell::new() }
    }
}

impl Naming<'_> {
    pub async fn name(&self, by: HeldBy, port: u16, protocol: Protocol) -> Held {
        let run = match by.run.clone() {
            // That it can't be read only costs the name.
            Some(id) => self.holders.store.run(id).await.ok().flatten(),
            None => None,
        };
        let (process, may_be_docker) = (by.process, by.may_be_docker());
        let is_of_nobody = process.is_none() && by.user == geteuid().as_raw();
        let mut shown = PortHolder::from(by);
        if let Some(StoredRun { run, .. }) = &run {
            shown.project = Some(run.instance.clone());
            shown.node = Some(run.node.clone());
        } else {
            shown.project = self.project_around(shown.folder.as_deref()).await;
            if may_be_docker {
                shown.container = self.container_on(port, protocol).await;
            }
        }
        Held { process, is_of_nobody, shown, run }
    }

    async fn container_on(&self, port: u16, protocol: Protocol) -> Option<String> {
        let ask = || Containers::ask(&self.holders.docker);
        let containers = self.containers.get_or_init(ask).await.as_ref()?;
        containers.on(port, protocol).map(str::to_owned)
    }

    /// The project in whose folder it works, the innermost first.
    async fn project_around(&self, folder: Option<&Path>) -> Option<String> {
        let folder = folder?;
        let read = || async { self.holders.store.projects().await.unwrap_or_default() };
        let projects = self.projects.get_or_init(read).await;
        let around = projects.iter().filter(|project| folder.starts_with(&project.folder));
        around.max_by_key(|project| project.folder.as_os_str().len()).map(|project| project.slug.clone())
    }
}
