//! The handle, and what it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use kinfra_proxy::Here;
use kinfra_rpc::Failure;
use tokio::sync::{mpsc, oneshot, watch};

use super::actor::Actor;
use super::lease::Refused;
use super::named::{Named, NamedContext, Synced};
use super::tunnels::{Left, Tunnels};
use super::visit::Visit;
use super::visits::Visits;
use super::wishes::Wish;
use crate::accounts::Access;
use crate::connector::{ConnectorContext, Origin};
use crate::events::Hub;
use crate::orchestrator::Changes;
use crate::service_manager::Instance;
use crate::store::Store;
use crate::tunnel_sync::Machine;

/// One project, as far as it is shared.
#[derive(Clone)]
pub struct Concerned {
    pub instance: Arc<Instance>,
    pub changed: Arc<Changes>,
    /// Its configuration could be read. Else nobody knows what it shares, and what it shared stays.
    pub is_known: bool,
}

/// What it needs of the engine around it.
pub struct SharingContext {
    pub hub: Arc<Hub>,
    pub store: Store,
    pub connectors: ConnectorContext,
    /// All projects, as they are now.
    pub projects: Box<dyn Fn() -> Vec<Concerned> + Send + Sync>,
    pub accounts: watch::Receiver<Vec<Access>>,
    pub machine: Machine,
    /// How this proxy is told from others; none while it doesn't listen.
    pub here: Box<dyn Fn() -> Option<Here> + Send + Sync>,
}

/// What is to be public by each account, and what by none.
pub struct Syncs {
    pub accounts: Vec<Synced>,
    /// Host names that no account has.
    pub homeless: Vec<String>,
}

/// The handle.
#[derive(Clone)]
pub struct Sharing {
    inputs: mpsc::UnboundedSender<Input>,
}

pub(super) enum Input {
    /// Something may be otherwise.
    Look,
    /// What Cloudflare says of a tunnel that it refused.
    Examined {
        account: String,
        refused: Refused,
    },
    /// All accounts, for whoever plans.
    Syncs {
        done: oneshot::Sender<Syncs>,
    },
    /// Something was decided about what is at Cloudflare.
    Nudge,
    /// How a public name was found from outside.
    Visited {
        url: String,
        visit: Visit,
    },
    Share {
        project: String,
        services: Vec<String>,
        seconds: Option<u64>,
        done: oneshot::Sender<Result<(), Failure>>,
    },
    Unshare {
        project: Option<String>,
        services: Vec<String>,
        done: oneshot::Sender<Result<(), Failure>>,
    },
    Restart {
        tunnel: String,
        done: oneshot::Sender<bool>,
    },
    /// Told when no service is to run any more, and Cloudflare has been made to follow.
    Settle {
        done: oneshot::Sender<()>,
    },
    End {
        kill: bool,
        done: oneshot::Sender<()>,
    },
}

impl Sharing {
    /// `left`: the connectors of an earlier engine.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn open(context: SharingContext, left: Left) -> Result<Self, Failure> {
        let (inputs, receiver) = mpsc::unbounded_channel();
        let stored = context.store.exposures().await?;
        let wishes =
            stored.into_iter().map(|(node, stored)| (node, stored.into_iter().map(Wish::from).collect()));
        let tunnels = Tunnels::new(context.connectors.clone(), inputs.clone(), left);
        let (accounts, told) = (context.accounts.clone(), inputs.downgrade());
        tokio::spawn(follow(accounts.clone(), told.clone()));
        let services = &context.connectors.services;
        let named = Named::new(NamedContext {
            store: context.store.clone(),
            secrets: services.vault.clone(),
            clock: services.clock.clone(),
            machine: context.machine.clone(),
            origin: Origin { socket: services.home.public_socket() }.service(),
            accounts,
            inputs: told,
        });
        let mut actor = Actor {
            named,
            homeless: vec![],
            wishes: wishes.collect(),
            wanted: BTreeSet::new(),
            tunnels,
            visitor: OnceLock::new(),
            visits: Visits::default(),
            up: BTreeMap::new(),
            settling: vec![],
            inputs: inputs.downgrade(),
            ending: false,
            context,
        };
        actor.begin().await;
        tokio::spawn(actor.run(receiver));
        Ok(Self { inputs })
    }

    pub fn look(&self) {
        let _ = self.inputs.send(Input::Look);
    }

    /// # Errors
    /// When it can't be written down, or a service does not run.
    pub async fn share(
        &self,
        project: &str,
        services: Vec<String>,
        seconds: Option<u64>,
    ) -> Result<(), Failure> {
        let project = project.to_owned();
        self.ask(|done| Input::Share { project, services, seconds, done }).await.unwrap_or(Ok(()))
    }

    /// # Errors
    /// When it can't be written down.
    pub async fn unshare(&self, project: Option<String>, services: Vec<String>) -> Result<(), Failure> {
        self.ask(|done| Input::Unshare { project, services, done }).await.unwrap_or(Ok(()))
    }

    /// False when there is no such tunnel.
    pub async fn restart(&self, tunnel: &str) -> bool {
        let tunnel = tunnel.to_owned();
        self.ask(|done| Input::Restart { tunnel, done }).await.unwrap_or(false)
    }

    /// Waits until the names are gone that are not to outlive their services, as far as Cloudflare answers.
    pub async fn settle(&self) {
        self.ask(|done| Input::Settle { done }).await;
    }

    /// Stops every tunnel without changing what is to be shared; or kills it.
    pub async fn end(&self, kill: bool) {
        self.ask(|done| Input::End { kill, done }).await;
    }

    /// Each account whose token can be had, with what is wanted there.
    pub async fn syncs(&self) -> Option<Syncs> {
        self.ask(|done| Input::Syncs { done }).await
    }

    /// Something was decided about what is at Cloudflare: it is taken up now.
    pub fn nudge(&self) {
        let _ = self.inputs.send(Input::Nudge);
    }

    async fn ask<T>(&self, input: impl FnOnce(oneshot::Sender<T>) -> Input) -> Option<T> {
        let (done, answer) = oneshot::channel();
        self.inputs.send(input(done)).ok()?;
        answer.await.ok()
    }
}

/// Another account, or one that can be used now, may have a name that is wanted.
async fn follow(mut accounts: watch::Receiver<Vec<Access>>, inputs: mpsc::WeakUnboundedSender<Input>) {
    while accounts.changed().await.is_ok() {
        let Some(inputs) = inputs.upgrade() else { return };
        let _ = inputs.send(Input::Look);
    }
}
