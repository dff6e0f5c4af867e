//! What is public, for the facade: opened with the engine, and asked by commands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kinfra_rpc::{Done, ErrorCode, Failure, Problem, RestartTunnel, Share, Unshare};
use tokio::sync::watch;

use super::adoption::Adoption;
use super::engine::Engine;
use crate::config::PublicPlace;
use crate::connector::{ConnectorContext, INSTANCE};
use crate::service_manager::{InstanceFacts, Shared};
use crate::sharing::{Concerned, Sharing, SharingContext, at_first, decide};

impl Engine {
    /// Takes over the tunnels that an earlier engine left.
    pub(super) async fn open_sharing(
        &self,
        adoption: &mut Adoption,
        output: watch::Receiver<u64>,
    ) -> Result<(), Failure> {
        let latest = self.store.latest_runs(INSTANCE.to_owned()).await?;
        let mut left = HashMap::new();
        for (name, run) in &latest {
            let former = adoption.take(&self.services, INSTANCE, name, Some(run), true).await;
            left.insert(name.clone(), (run.number, former));
        }
        let (engine, of_proxy) = (self.weak.clone(), self.weak.clone());
        let context = SharingContext {
            hub: Arc::clone(&self.hub),
            store: self.store.clone(),
            connectors: ConnectorContext {
                services: Arc::clone(&self.services),
                options: self.options.cloudflare.clone(),
                output,
            },
            projects: Box::new(move || {
                let Some(engine) = engine.upgrade() else { return vec![] };
                let projects = engine.projects();
                let concerned = projects.values().map(|project| Concerned {
                    instance: Arc::clone(&project.instance),
                    changed: Arc::clone(&project.changed),
                });
                concerned.collect()
            }),
            here: Box::new(move || of_proxy.upgrade()?.proxy.here()),
        };
        // It is opened once.
        let _ = self.sharing.set(Sharing::open(context, left).await?);
        Ok(())
    }

    /// Something that decides on what is public was changed.
    pub(super) fn look_at_sharing(&self) {
        if let Some(sharing) = self.sharing.get() {
            sharing.look();
        }
    }

    /// What is public of a project before its tunnels are looked at. `desired`: the services that are to run.
    pub(super) async fn shared_at_first(
        &self,
        facts: &InstanceFacts,
        desired: &[String],
    ) -> Result<BTreeMap<String, Vec<Shared>>, Failure> {
        let stored = self.store.exposures().await?;
        let now = self.services.clock.wall_now();
        let shared = facts.public.iter().map(|(service, public)| {
            let wishes = stored.get(&(facts.slug.clone(), service.clone())).cloned().unwrap_or_default();
            let wishes: Vec<_> = wishes.into_iter().map(Into::into).collect();
            let is_taken = |place: &PublicPlace| facts.taken_names.contains_key(&place.url());
            let decided = decide(public, &wishes, desired.contains(service), is_taken, now);
            (service.clone(), at_first(decided))
        });
        Ok(shared.collect())
    }

    pub(super) async fn share(&self, share: &Share) -> Result<Done, Failure> {
        self.refuse_when_ending()?;
        let project = self.project(&share.project)?;
        let services = project.named(&share.services)?;
        let facts = project.instance.facts();
        let services = match share.services.is_empty() {
            true => services.into_iter().filter(|name| facts.serves_http(name)).collect(),
            false => services,
        };
        if let Some(name) = services.iter().find(|name| !facts.serves_http(name)) {
            let message = format!("{name} can't be shared: it has no port that takes connections");
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("only what has a URL can have a public one")
                .into());
        }
        if let Some(sharing) = self.sharing.get() {
            sharing.share(&share.project, services, share.seconds).await?;
        }
        Ok(Done {})
    }

    pub(super) async fn unshare(&self, unshare: &Unshare) -> Result<Done, Failure> {
        let services = match &unshare.project {
            Some(project) => self.project(project)?.named(&unshare.services)?,
            None => vec![],
        };
        if let Some(sharing) = self.sharing.get() {
            sharing.unshare(unshare.project.clone(), services).await?;
        }
        Ok(Done {})
    }

    pub(super) async fn restart_tunnel(&self, restart: &RestartTunnel) -> Result<Done, Failure> {
        let Some(sharing) = self.sharing.get() else { return Ok(Done {}) };
        if sharing.restart(&restart.tunnel).await {
            return Ok(Done {});
        }
        let message = format!("no tunnel named {} is to run", restart.tunnel);
        Err(Problem::new(ErrorCode::InvalidRequest, message)
            .hint("kinfra tunnels lists those that are")
            .into())
    }
}
