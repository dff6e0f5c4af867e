//! One running engine.
//!
//! Theory of operation: everything that changes has one owner: the hub the visible state, each stack its wishes,
//! each supervisor its process, the store its file. The engine only finds the right one for a command. It holds
//! the lock of its home for as long as it lives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use indexmap::IndexMap;
use kinfra_rpc::{EndMode, ErrorCode, Failure, Problem};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::catalog::Catalog;
use super::configuration_watch::ConfigurationWatch;
use super::disuse::Disuse;
use super::lock::Lock;
use super::options::EngineOptions;
use crate::accounts::Accounts;
use crate::config::{ProjectSpec, Selection};
use crate::control::{Client, Server};
use crate::events::Hub;
use crate::orchestrator::{Changes, Stack};
use crate::process::Sampler;
use crate::proxy_server::ProxyServer;
use crate::service_manager::{Instance, ServiceContext, ServiceNode};
use crate::sharing::Sharing;
use crate::store::Store;

/// A running engine. It ends by [`Kinfra::quit`] or the command of that name, not by being dropped.
#[derive(Clone)]
pub struct Kinfra {
    pub(super) engine: Arc<Engine>,
}

pub(super) struct Engine {
    pub options: EngineOptions,
    pub hub: Arc<Hub>,
    pub store: Store,
    pub catalog: Catalog,
    pub services: Arc<ServiceContext>,
    pub projects: Mutex<BTreeMap<String, Project>>,
    pub proxy: ProxyServer,
    /// Counts what services print: whoever waits for log lines watches it.
    pub output: watch::Sender<u64>,
    /// What is known of the last measurements; empty until somebody asks for one.
    pub sampler: Arc<tokio::sync::Mutex<Sampler>>,
    /// Set while the engine is being opened.
    pub sharing: OnceLock<Sharing>,
    pub accounts: OnceLock<Accounts>,
    /// The old connectors whose end will be heard of: pid and start time.
    pub followed: Mutex<BTreeSet<(u32, u64)>>,
    pub server: Mutex<Option<Server>>,
    /// Ends with the engine.
    pub settings_watch: Mutex<Option<AbortOnDropHandle<()>>>,
    /// What is to be paused when it isn't used.
    pub disuse: Disuse,
    pub ended: watch::Sender<bool>,
    pub lock: Mutex<Option<Lock>>,
    /// Itself, for tasks that outlive the command that began them.
    pub weak: Weak<Self>,
}

/// What the engine holds of one project.
#[derive(Clone)]
pub(super) struct Project {
    pub stack: Stack,
    pub instance: Arc<Instance>,
    pub services: IndexMap<String, Arc<ServiceNode>>,
    pub changed: Arc<Changes>,
    /// Which services names, groups and profiles stand for.
    pub selection: Arc<Selection>,
    /// The configuration that is in effect for the next launches; none before a valid one was read.
    pub spec: Option<Arc<ProjectSpec>>,
    /// Held while a configuration is being applied.
    pub applying: Arc<tokio::sync::Mutex<()>>,
    /// Ends with the last one who has it.
    pub watch: ConfigurationWatch,
}

impl Kinfra {
    /// The client within this process.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::local(Arc::clone(&self.engine) as Arc<_>)
    }

    /// Waits until the engine has ended, for whatever reason.
    pub async fn ended(&self) {
        let mut ended = self.engine.ended.subscribe();
        // An error can't be: this very value holds the sender.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Ends the engine. Asked again while it is ending, it kills what still runs.
    pub async fn quit(&self, mode: EndMode) {
        Arc::clone(&self.engine).quit(mode).await;
    }
}

impl Engine {
    pub fn project(&self, slug: &str) -> Result<Project, Failure> {
        let projects = self.projects();
        projects.get(slug).cloned().ok_or_else(|| {
            let known: Vec<&str> = projects.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            Problem::new(ErrorCode::UnknownProject, format!("no project is named {slug}"))
                .hint(format!("known: {known}; kinfra add FOLDER adds one"))
                .into()
        })
    }

    pub fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn projects(&self) -> MutexGuard<'_, BTreeMap<String, Project>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Project {
    /// The longest that one of its services may take to end by itself.
    pub fn grace(&self) -> Duration {
        self.services.values().map(|service| service.grace()).max().unwrap_or_default()
    }

    /// The one node of this name; of a service with several replicas the first.
    pub fn service(&self, name: &str) -> Result<&Arc<ServiceNode>, Failure> {
        let named = self.named(&[name.to_owned()])?;
        let is_one = named.len() == 1 || self.selection.is_service(name);
        let found = named.first().filter(|_| is_one).and_then(|name| self.services.get(name));
        found.ok_or_else(|| {
            Failure::new(ErrorCode::UnknownService, format!("{name} is a group, but one service is meant"))
        })
    }

    /// The services of the nodes that these names stand for, each once: for what there is once, however many run it.
    pub fn services_of(&self, names: &[String]) -> Result<Vec<String>, Failure> {
        let named = self.named(names)?;
        Ok(self.services_run_by(|node| named.contains(node)))
    }

    /// All services, each once.
    pub fn all_services(&self) -> Vec<String> {
        self.services_run_by(|_| true)
    }

    fn services_run_by(&self, is_meant: impl Fn(&String) -> bool) -> Vec<String> {
        let mut services: Vec<String> = vec![];
        for (_, node) in self.services.iter().filter(|(name, _)| is_meant(name)) {
            let of = node.spec().replica.of.clone();
            if !services.contains(&of) {
                services.push(of);
            }
        }
        services
    }

    /// The nodes that these names of services, replicas and groups stand for.
    pub fn named(&self, names: &[String]) -> Result<Vec<String>, Failure> {
        let known: Vec<&str> = self.services.keys().map(String::as_str).collect();
        Ok(self.selection.named(names, &known, &self.instance.facts().slug)?)
    }
}
