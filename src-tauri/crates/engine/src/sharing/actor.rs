//! Theory of operation: one task owns what is shared. Whatever may change that wakes it: a service that is started or
//! stopped, a wish of the user's, a time that is over, another configuration, a tunnel that fares otherwise. Each time
//! it decides anew, from all facts, which names are public and which tunnels there should be, brings those about, and
//! shows what differs. It waits for nothing that takes time but the database and a look for cloudflared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{Change, Delta, ErrorCode, Failure, Problem, Snapshot, Update, Wanted};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::decide::{Decided, decide};
use super::show::{Fare, shared};
use super::tunnels::{Left, Tunnels};
use super::wishes::{self, Wish};
use crate::connector::ConnectorContext;
use crate::events::Hub;
use crate::orchestrator::Changes;
use crate::service_manager::{Instance, Shared};
use crate::store::Store;

/// What the name of an account's tunnel begins with.
pub(super) const NAMED: &str = "account-";

/// At the latest, times that are over are noticed after this: a clock on the wall may be set.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

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
}

/// The handle.
#[derive(Clone)]
pub struct Sharing {
    inputs: mpsc::UnboundedSender<Input>,
}

pub(super) enum Input {
    /// Something may be otherwise.
    Look,
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
        let mut actor =
            Actor { wishes: wishes.collect(), wanted: BTreeSet::new(), tunnels, ending: false, context };
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

type Node = (String, String);

struct Actor {
    context: SharingContext,
    wishes: BTreeMap<Node, Vec<Wish>>,
    /// The nodes that are to run.
    wanted: BTreeSet<Node>,
    tunnels: Tunnels,
    ending: bool,
}

impl Actor {
    /// What was shared for the moment ended with the engine, unless its service goes on.
    async fn begin(&mut self) {
        self.wanted = self.context.hub.read(wanted);
        for (node, wishes) in self.wishes.clone() {
            if !self.wanted.contains(&node) {
                let ended = wishes::end(&self.public(&node), &wishes);
                self.wish(&node, ended)
                    .await
                    .unwrap_or_else(|failure| tracing::warn!(%failure, "not written down"));
            }
        }
        self.look().await;
    }

    async fn run(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) {
        let mut updates = self.context.hub.watch();
        loop {
            let deadline = self.deadline();
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.take(input).await,
                    None => return,
                },
                update = updates.recv() => match update {
                    Some(Update::Ended) | None => return,
                    Some(update) if self.concerns(&update) => self.follow().await,
                    Some(_) => continue,
                },
                () = sleep_until(deadline) => {}
            }
            // One look for all that has come by now.
            let mut more = vec![];
            while let Ok(input) = inputs.try_recv() {
                more.push(input);
            }
            for input in more {
                self.take(input).await;
            }
            self.look().await;
        }
    }

    fn deadline(&self) -> Instant {
        let clock = &self.context.connectors.services.clock;
        let now = clock.wall_now();
        let over = self.wishes.values().flatten().filter(|wish| wish.is_on).filter_map(|wish| wish.ends_at);
        let over = over.filter(|at| *at > now).min().map(|at| Duration::from_millis(at - now));
        let at = Instant::now() + over.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        self.tunnels.deadline().map_or(at, |again| at.min(again))
    }

    /// Most of what happens to services is nothing to it.
    fn concerns(&self, update: &Update) -> bool {
        match update {
            Update::Snapshot(_) => true,
            Update::Delta(Delta { change: Change::Node { slug, node }, .. }) => {
                let is_wanted = node.wanted == Wanted::Running;
                self.wanted.contains(&(slug.clone(), node.name.clone())) != is_wanted
            }
            Update::Delta(Delta {
                change: Change::Project { .. } | Change::ProjectRemoved { .. }, ..
            }) => true,
            Update::Delta(Delta { change: Change::Engine { .. }, .. })
            | Update::Notice(_)
            | Update::ShowWindow
            | Update::Ended => false,
        }
    }

    /// Which services are to run may be otherwise now.
    async fn follow(&mut self) {
        let now = self.context.hub.read(wanted);
        let wall = self.context.connectors.services.clock.wall_now();
        let changed: Vec<Node> = now.symmetric_difference(&self.wanted).cloned().collect();
        for node in changed {
            let public = self.public(&node);
            let known = self.wishes.get(&node).cloned().unwrap_or_default();
            let wishes = match now.contains(&node) {
                true => wishes::begin(&public, &known, wall),
                false => wishes::end(&public, &known),
            };
            self.wish(&node, wishes)
                .await
                .unwrap_or_else(|failure| tracing::warn!(%failure, "not written down"));
        }
        self.wanted = now;
        let is_known = self
            .context
            .hub
            .read(|state| state.projects.iter().map(|project| project.slug.clone()).collect::<BTreeSet<_>>());
        self.wishes.retain(|(project, _), _| is_known.contains(project));
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Look => {}
            Input::Share { project, services, seconds, done } => {
                let _ = done.send(self.share(&project, services, seconds).await);
            }
            Input::Unshare { project, services, done } => {
                let outcome = self.unshare(project.as_deref(), &services).await;
                self.look().await;
                let _ = done.send(outcome);
            }
            Input::Restart { tunnel, done } => {
                let _ = done.send(self.tunnels.restart(&tunnel).await);
            }
            Input::End { kill, done } => {
                self.ending = true;
                self.tunnels.end(kill).await;
                let _ = done.send(());
            }
        }
    }

    async fn share(
        &mut self,
        project: &str,
        services: Vec<String>,
        seconds: Option<u64>,
    ) -> Result<(), Failure> {
        self.wanted = self.context.hub.read(wanted);
        for service in services {
            let node = (project.to_owned(), service);
            if !self.wanted.contains(&node) {
                let message = format!("{} is not shared: it does not run", node.1);
                let hint = format!("start it first: kinfra up {}", node.1);
                return Err(Problem::new(ErrorCode::InvalidRequest, message).hint(hint).into());
            }
            let now = self.context.connectors.services.clock.wall_now();
            let wishes = wishes::share(&self.public(&node), seconds, now);
            self.wish(&node, wishes).await?;
        }
        self.look().await;
        Ok(())
    }

    async fn unshare(&mut self, project: Option<&str>, services: &[String]) -> Result<(), Failure> {
        let mut nodes: BTreeSet<Node> = self.wishes.keys().cloned().collect();
        for concerned in (self.context.projects)() {
            let facts = concerned.instance.facts();
            nodes.extend(facts.public.keys().map(|service| (facts.slug.clone(), service.clone())));
        }
        let is_meant = |(slug, service): &Node| {
            project.is_none_or(|project| project == slug)
                && (services.is_empty() || services.contains(service))
        };
        for node in nodes.into_iter().filter(is_meant) {
            let wishes = wishes::unshare(&self.public(&node));
            self.wish(&node, wishes).await?;
        }
        Ok(())
    }

    /// Known at once, and for good when this returns.
    async fn wish(&mut self, node: &Node, wishes: Vec<Wish>) -> Result<(), Failure> {
        let known = self.wishes.get(node).map(Vec::as_slice).unwrap_or_default();
        if known == wishes {
            return Ok(());
        }
        let stored = wishes.iter().cloned().map(Into::into).collect();
        match wishes.is_empty() {
            true => drop(self.wishes.remove(node)),
            false => drop(self.wishes.insert(node.clone(), wishes)),
        }
        Ok(self.context.store.set_exposures(node.0.clone(), node.1.clone(), stored).await?)
    }

    fn public(&self, (project, service): &Node) -> Vec<crate::config::PublicSpec> {
        let projects = (self.context.projects)();
        let facts = projects.iter().map(|concerned| concerned.instance.facts());
        let found =
            facts.filter(|facts| facts.slug == *project).find_map(|facts| facts.public.get(service).cloned());
        found.unwrap_or_default()
    }

    /// Decides anew, and brings about what follows.
    async fn look(&mut self) {
        if self.ending {
            return self.show(&[]);
        }
        let now = self.context.connectors.services.clock.wall_now();
        let mut all = vec![];
        for concerned in (self.context.projects)() {
            let facts = concerned.instance.facts();
            let named = facts.public.keys().cloned();
            let wished = self.wishes.keys().filter(|(slug, _)| *slug == facts.slug);
            let services: BTreeSet<String> =
                named.chain(wished.map(|(_, service)| service.clone())).collect();
            for service in services {
                let node = (facts.slug.clone(), service);
                let public = facts.public.get(&node.1).map(Vec::as_slice).unwrap_or_default();
                let wishes = self.wishes.get(&node).map(Vec::as_slice).unwrap_or_default();
                let is_taken =
                    |place: &crate::config::PublicPlace| facts.taken_names.contains_key(&place.url());
                let decided = decide(public, wishes, self.wanted.contains(&node), is_taken, now);
                all.push((concerned.clone(), node, decided));
            }
        }
        let quick = all.iter().filter(|(_, _, decided)| {
            decided.iter().any(|decided| decided.place.is_none() && decided.is_tunnelled)
        });
        let wanted = quick.map(|(_, node, _)| quick_name(node)).collect();
        self.tunnels.want(&wanted).await;
        self.show(&all);
    }

    fn show(&self, all: &[(Concerned, Node, Vec<Decided>)]) {
        let mut shown: BTreeMap<&str, (Concerned, BTreeMap<String, Vec<Shared>>)> = BTreeMap::new();
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (concerned, node, decided) in all {
            let names = decided.iter().cloned().map(|decided| {
                let fare = self.fare(node, &decided);
                let tunnel = fare.as_ref().map(|fare| fare.tunnel.clone());
                let shared = shared(decided, fare);
                if let (Some(tunnel), Some(place)) = (tunnel, &shared.place) {
                    hosts.entry(tunnel).or_default().push(place.host.clone());
                }
                shared
            });
            let (_, services) = shown.entry(&node.0).or_insert_with(|| (concerned.clone(), BTreeMap::new()));
            services.insert(node.1.clone(), names.collect());
        }
        for concerned in (self.context.projects)() {
            let slug = concerned.instance.facts().slug.clone();
            let after = shown.remove(&*slug).map(|(_, services)| services).unwrap_or_default();
            let before = concerned.instance.facts().shared.clone();
            if self.ending || before == after {
                continue;
            }
            let differs = |service: &&String| before.get(*service) != after.get(*service);
            let changed: BTreeSet<String> =
                before.keys().chain(after.keys()).filter(differs).cloned().collect();
            concerned.instance.change(|facts| facts.shared = after);
            changed.iter().for_each(|service| concerned.changed.node(service));
        }
        let clock = &self.context.connectors.services.clock;
        let tunnels = self.tunnels.states(clock, |name| hosts.get(name).cloned().unwrap_or_default());
        self.context.hub.change_engine(|engine| engine.tunnels = tunnels);
    }

    fn fare(&self, node: &Node, decided: &Decided) -> Option<Fare> {
        if !decided.is_tunnelled || decided.place.is_some() {
            return None;
        }
        let name = quick_name(node);
        let view = self.tunnels.view(&name)?;
        let (status, reason) = (view.verdict.status, view.verdict.reason);
        Some(Fare { tunnel: name, status, reason, host: view.quick_host })
    }
}

fn quick_name((project, service): &Node) -> String {
    format!("quick-{project}-{service}")
}

fn wanted(state: &Snapshot) -> BTreeSet<Node> {
    let nodes = state.projects.iter().flat_map(|project| {
        let running = project.nodes.iter().filter(|node| node.wanted == Wanted::Running);
        running.map(|node| (project.slug.clone(), node.name.clone()))
    });
    nodes.collect()
}
