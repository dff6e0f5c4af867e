//! Theory of operation: one task owns what is shared. Whatever may change that wakes it: a service that is started or
//! stopped, a wish of the user's, a time that is over, another configuration, a tunnel that fares otherwise. Each time
//! it decides anew, from all facts, which names are public and which tunnels there should be, brings those about, and
//! shows what differs. It waits for nothing that takes time but the database and a look for cloudflared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use kinfra_rpc::{Change, Delta, Snapshot, Update, Wanted};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::handle::{Concerned, Input, SharingContext};
use super::named::Named;
use super::tunnels::Tunnels;
use super::visit::Visitor;
use super::visits::Visits;
use super::wishes::{self, Wish};
use crate::config::PublicSpec;

/// At the latest, times that are over are noticed after this: a clock on the wall may be set.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A service, by its project and name.
pub(super) type Node = (String, String);

pub(super) struct Actor {
    pub(super) context: SharingContext,
    pub(super) wishes: BTreeMap<Node, Vec<Wish>>,
    /// The nodes that are to run.
    pub(super) wanted: BTreeSet<Node>,
    pub(super) tunnels: Tunnels,
    pub(super) named: Named,
    /// Host names that no account has.
    pub(super) homeless: Vec<String>,
    /// Made when it is first needed: the system's certificates take their time. None where they can't be had.
    pub(super) visitor: OnceLock<Option<Visitor>>,
    pub(super) visits: Visits,
    /// The URLs whose tunnel is up, each with how many names that has.
    pub(super) up: BTreeMap<String, u64>,
    pub(super) inputs: mpsc::WeakUnboundedSender<Input>,
    /// Who waits until everything is as it is to be without any service.
    pub(super) settling: Vec<oneshot::Sender<()>>,
    pub(super) ending: bool,
}

impl Actor {
    /// What was shared for the moment ended with the engine, unless its service goes on.
    pub(super) async fn begin(&mut self) {
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

    pub(super) async fn run(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) {
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
            if self.wanted.is_empty() && self.named.is_settled() {
                self.settling.drain(..).for_each(|done| {
                    let _ = done.send(());
                });
            }
        }
    }

    fn deadline(&self) -> Instant {
        let clock = &self.context.connectors.services.clock;
        let now = clock.wall_now();
        let over = self.wishes.values().flatten().filter(|wish| wish.is_on).filter_map(|wish| wish.ends_at);
        let over = over.filter(|at| *at > now).min().map(|at| Duration::from_millis(at - now));
        let at = Instant::now() + over.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        let visit = self.visits.deadline().map(|moment| clock.instant(moment));
        let named = self.named.deadline().map(|moment| clock.instant(moment));
        [self.tunnels.deadline(), visit, named].into_iter().flatten().fold(at, Instant::min)
    }

    /// Most of what happens to services is nothing to it.
    fn concerns(&self, update: &Update) -> bool {
        match update {
            Update::Snapshot(_) => true,
            Update::Delta(Delta { change: Change::Node { slug, node }, .. }) => {
                let is_wanted = node.wanted == Wanted::Running;
                // Of several replicas the others may be wanted all the same: that is looked up then.
                self.wanted.contains(&(slug.clone(), node.service().to_owned())) != is_wanted
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
            Input::Visited { url, visit } => {
                let names = self.up.get(&url).copied().unwrap_or_default();
                let now = self.context.connectors.services.clock.now();
                self.visits.visited(now, &url, names, visit);
            }
            Input::Examined { account, refused } => self.named.examined(&account, &refused),
            Input::Syncs { done } => {
                self.named.open_all();
                let _ = done.send(self.syncs());
            }
            Input::Nudge => self.named.nudge(),
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
            Input::Settle { done } => self.settling.push(done),
            Input::End { kill, done } => {
                self.ending = true;
                self.tunnels.end(kill).await;
                let _ = done.send(());
            }
        }
    }

    pub(super) fn public(&self, node: &Node) -> Vec<PublicSpec> {
        let projects = (self.context.projects)();
        let concerned = projects.iter().find(|concerned| concerned.instance.facts().slug == node.0);
        concerned.map(|concerned| self.public_of(concerned, node)).unwrap_or_default()
    }

    /// What the configuration of a node shares, as far as that is known.
    pub(super) fn public_of(&self, concerned: &Concerned, node: &Node) -> Vec<PublicSpec> {
        if concerned.is_known {
            return concerned.instance.facts().public.get(&node.1).cloned().unwrap_or_default();
        }
        wishes::as_it_was(self.wishes.get(node).map(Vec::as_slice).unwrap_or_default())
    }
}

pub(super) fn quick_name((project, service): &Node) -> String {
    format!("quick-{project}-{service}")
}

pub(super) fn wanted(state: &Snapshot) -> BTreeSet<Node> {
    let nodes = state.projects.iter().flat_map(|project| {
        let running = project.nodes.iter().filter(|node| node.wanted == Wanted::Running);
        running.map(|node| (project.slug.clone(), node.service().to_owned()))
    });
    nodes.collect()
}
