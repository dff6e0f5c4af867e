//! The handle, and what it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kinfra_proxy::Here;
use kinfra_rpc::Failure;
use tokio::sync::{mpsc, oneshot};

use super::actor::Actor;
use super::tunnels::{Left, Tunnels};
use super::visit::{Visit, Visitor};
use super::visits::Visits;
use super::wishes::Wish;
use crate::connector::ConnectorContext;
use crate::events::Hub;
use crate::orchestrator::Changes;
use crate::service_manager::Instance;
use crate::store::Store;

/// One project, as far as it is shared.
#[derive(Clone)]
pub struct Concerned {
    pub instance: Arc<Instance>,
    pub changed: Arc<Changes>,
}

/// What it needs of the engine around it.
pub struct SharingContext {
    pub hub: Arc<Hub>,
    pub store: Store,
    pub connectors: ConnectorContext,
    /// All projects, as they are now.
    pub projects: Box<dyn Fn() -> Vec<Concerned> + Send + Sync>,
    /// How this proxy is told from others; none while it doesn't listen.
    pub here: Box<dyn Fn() -> Option<Here> + Send + Sync>,
}

/// The handle.
#[derive(Clone)]
pub struct Sharing {
    inputs: mpsc::UnboundedSender<Input>,
}

pub(super) enum Input {
    /// Something may be otherwise.
    Look,
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
        let visitor = Visitor::new(&context.connectors.options);
        if let Err(reason) = &visitor {
            tracing::warn!(reason, "public names are not visited");
        }
        let mut actor = Actor {
            wishes: wishes.collect(),
            wanted: BTreeSet::new(),
            tunnels,
            visitor: visitor.ok(),
            visits: Visits::default(),
            up: BTreeMap::new(),
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

    /// Stops every tunnel without changing what is to be shared; or kills it.
    pub async fn end(&self, kill: bool) {
        self.ask(|done| Input::End { kill, done }).await;
    }

    async fn ask<T>(&self, input: impl FnOnce(oneshot::Sender<T>) -> Input) -> Option<T> {
        let (done, answer) = oneshot::channel();
        self.inputs.send(input(done)).ok()?;
        answer.await.ok()
    }
}
