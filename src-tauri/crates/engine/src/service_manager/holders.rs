//! Who is on a port, told in what the user knows: projects, services and containers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kinfra_rpc::{PortHolder, Protocol};

use crate::process::{HeldBy, Sockets, container_on};
use crate::store::{Store, StoredRun};

/// The superuser, whose `docker-proxy` holds the ports of containers.
const ROOT: u32 = 0;

#[derive(Debug, Clone)]
pub struct Holders {
    pub store: Store,
    /// Where a Docker engine listens, if there is one.
    pub docker: PathBuf,
}

/// Who is on a port.
#[derive(Debug, Clone)]
pub struct Held {
    pub by: HeldBy,
    pub shown: PortHolder,
    /// The run of this home's that it belongs to.
    pub run: Option<StoredRun>,
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
        let look = tokio::task::spawn_blocking(move || Sockets::read().holder(port, protocol));
        let by = look.await.ok().flatten()?;
        Some(self.describe(by, port, protocol).await)
    }

    pub async fn describe(&self, by: HeldBy, port: u16, protocol: Protocol) -> Held {
        let mut shown = by.describe();
        let run = match by.run() {
            // That it can't be read only costs the name.
            Some(id) => self.store.run(id).await.ok().flatten(),
            None => None,
        };
        if let Some(StoredRun { run, .. }) = &run {
            shown.project = Some(run.instance.clone());
            shown.node = Some(run.node.clone());
        } else {
            shown.project = self.project_of(&shown).await;
        }
        let may_be_docker = by.user == ROOT || shown.program.as_deref() == Some("docker-proxy");
        if run.is_none() && may_be_docker {
            shown.container = container_on(&self.docker, port, protocol).await;
        }
        Held { by, shown, run }
    }

    /// The project in whose folder it works, the innermost first.
    async fn project_of(&self, holder: &PortHolder) -> Option<String> {
        let folder = holder.folder.as_ref()?;
        let projects = self.store.projects().await.ok()?;
        let around = projects.into_iter().filter(|project| folder.starts_with(&project.folder));
        around.max_by_key(|project| project.folder.as_os_str().len()).map(|project| project.slug)
    }
}
