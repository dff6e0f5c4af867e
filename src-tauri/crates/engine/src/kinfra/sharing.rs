//! What is public, for the facade: opened with the engine, and asked by commands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kinfra_rpc::{
    ConnectorInstalled, Done, Download, ErrorCode, Failure, Problem, RestartTunnel, Share, Unshare,
};
use tokio::sync::watch;

use super::adoption::Adoption;
use super::engine::Engine;
use crate::accounts::Accounts;
use crate::cloudflare::ClientOptions;
use crate::config::PublicPlace;
use crate::connector::{Asset, ConnectorContext, INSTANCE, RELEASES, download, find};
use crate::orchestrator::Command;
use crate::service_manager::{InstanceFacts, Shared};
use crate::sharing::{Concerned, Sharing, SharingContext, at_first, decide};
use crate::tunnel_sync::Machine;

/// How many bytes of a download are worth a word.
const STEP: u64 = 1 << 20;

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
        let seed = format!("{}\n{}", machine_id(), self.options.home.state.display());
        let uname = rustix::system::uname();
        let host = uname.nodename().to_string_lossy().into_owned();
        let options = ClientOptions::new(self.services.clock.clone());
        let settings = &self.options.cloudflare;
        let options = ClientOptions {
            base: settings.api.clone().unwrap_or(options.base.clone()),
            extra_ca: settings.authority.clone(),
            ..options
        };
        let accounts = Accounts::open(self.store.clone(), self.services.vault.clone(), options).await?;
        let context = SharingContext {
            accounts: accounts.watch(),
            machine: Machine::of(&self.store, &host, &seed).await?,
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
                    is_known: project.spec.is_some(),
                });
                concerned.collect()
            }),
            here: Box::new(move || of_proxy.upgrade()?.proxy.here()),
        };
        // It is opened once.
        let _ = self.sharing.set(Sharing::open(context, left).await?);
        tokio::spawn(accounts.clone().keep());
        let _ = self.accounts.set(accounts);
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
            let is_desired = facts.nodes_of(service).iter().any(|node| desired.contains(node));
            let decided = decide(public, &wishes, is_desired, is_taken, now);
            (service.clone(), at_first(decided))
        });
        Ok(shared.collect())
    }

    pub(super) async fn share(&self, share: &Share) -> Result<Done, Failure> {
        self.refuse_when_ending()?;
        let project = self.project(&share.project)?;
        let services = project.services_of(&share.services)?;
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
            // Whoever asked looks at it next.
            project.stack.tell(Command::Look).await;
        }
        Ok(Done {})
    }

    pub(super) async fn unshare(&self, unshare: &Unshare) -> Result<Done, Failure> {
        let (services, concerned) = match &unshare.project {
            Some(project) => {
                let project = self.project(project)?;
                (project.services_of(&unshare.services)?, vec![project])
            }
            None => (vec![], self.projects().values().cloned().collect()),
        };
        if let Some(sharing) = self.sharing.get() {
            sharing.unshare(unshare.project.clone(), services).await?;
            for project in concerned {
                project.stack.tell(Command::Look).await;
            }
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

impl Engine {
    /// On the user's word. One at a time: whoever asks meanwhile is told.
    pub(super) async fn install_connector(&self) -> Result<ConnectorInstalled, Failure> {
        let Some(asset) = Asset::of_this_machine() else {
            let message = "there is no cloudflared to load for this kind of machine";
            return Err(Problem::new(ErrorCode::TunnelFailed, message)
                .hint("install cloudflared from Cloudflare's packages, so that it is on the PATH")
                .into());
        };
        let mut is_other = false;
        self.hub.change_engine(|engine| is_other = engine.download.replace(Download::default()).is_some());
        if is_other {
            return Err(Failure::new(ErrorCode::InvalidRequest, "cloudflared is being loaded already"));
        }
        let releases = self.options.cloudflare.releases.as_deref().unwrap_or(RELEASES);
        let told = AtomicU64::new(0);
        let loaded = download(releases, &asset, &self.options.home.programs(), |done, whole| {
            // Not with each of some thousand pieces.
            if done == 0 || done >= told.load(Ordering::Relaxed) + STEP || Some(done) == whole {
                told.store(done, Ordering::Relaxed);
                self.hub.change_engine(|engine| engine.download = Some(Download { done, whole }));
            }
        })
        .await;
        self.hub.change_engine(|engine| engine.download = None);
        let found = find(Some(&loaded?), "", &self.options.home.programs()).await?;
        self.look_at_sharing();
        Ok(ConnectorInstalled { program: found.program, version: found.version.to_string() })
    }
}

/// What the system calls itself; nothing where it has no such name.
pub(super) fn machine_id() -> String {
    std::fs::read_to_string("/etc/machine-id").unwrap_or_default().trim().to_owned()
}
