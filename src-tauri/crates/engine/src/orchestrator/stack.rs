//! One stack as a running whole.
//!
//! Theory of operation: one task owns what was asked and not yet done (wishes) and what the user wants to run.
//! Commands and changes of nodes wake it; it then takes every step that the plan allows, re-reads what is, and
//! publishes what differs. It waits for nothing that takes time: a node answers a wish at once and reports later.
//! Of many nodes only those are observed anew that were told to have changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join_all;
use indexmap::IndexMap;
use kinfra_rpc::{NodeKind, NodeState, Problem, ProjectState, ServiceChange};
use tokio::sync::{mpsc, oneshot};

use super::changes::{Changes, Pending};
use super::graph::{Graph, comes_up};
use super::node::Node;
use super::plan::{Action, Observed, Step, Wish, Wishes, at_rest, follows, plan};
use super::show::show;
use crate::events::Hub;
use crate::store::{Store, StoreError};

/// What a stack needs of the engine around it.
#[derive(Clone)]
pub struct StackContext {
    pub hub: Arc<Hub>,
    pub store: Store,
}

#[expect(clippy::large_enum_variant, reason = "made, sent and taken; never kept in numbers")]
pub enum Command {
    /// These and all that they depend on. `again`: also those of them that are done.
    Start { names: Vec<String>, again: bool },
    /// These and all that can't do without them; with none named, everything.
    Stop(Vec<String>),
    Restart {
        names: Vec<String>,
        /// Also whatever else is to run.
        whole: bool,
        /// Also what depends on them and is to run.
        dependants: bool,
    },
    /// Stops everything without changing what the user wants; or kills it.
    End { kill: bool },
    /// What is wrong with the configuration; nodes and graph stay those of the last good one.
    Problems(Vec<Problem>),
    /// The configuration is fine, and says this that isn't in effect.
    Differs(Vec<ServiceChange>),
    /// Names that it asks for and that somebody else has.
    Names(Vec<Problem>),
    /// Something of its nodes was changed from outside: it is published before this is answered.
    Look,
    /// Its files are not watched, for this reason; or they are.
    Unwatched(Option<Problem>),
    /// A configuration is being applied, or no longer.
    Applying(bool),
    /// Other nodes, graph or facts, from a configuration that was read again.
    Replace { state: ProjectState, graph: Graph, nodes: IndexMap<String, Arc<dyn Node>> },
}

/// The handle of one stack. Its task ends when the last clone is dropped.
#[derive(Clone)]
pub struct Stack {
    commands: mpsc::Sender<(Command, oneshot::Sender<()>)>,
}

impl Stack {
    /// `state` holds the project's name, folder and problems; its nodes are filled in here. `changed` is to be
    /// notified whenever a node can be observed to be different. `wanted` is what the user last wanted to run.
    #[must_use]
    pub fn spawn(
        context: StackContext,
        state: ProjectState,
        graph: Graph,
        nodes: IndexMap<String, Arc<dyn Node>>,
        changed: Arc<Changes>,
        wanted: BTreeSet<String>,
    ) -> Self {
        let (commands, receiver) = mpsc::channel(16);
        let mut task = Task {
            context,
            state,
            graph,
            nodes,
            leaving: IndexMap::new(),
            wanted,
            is_first_wish: true,
            unstored: false,
            ending: false,
            wishes: Wishes::new(),
            broken: vec![],
            names: vec![],
            unwatched: None,
            observed: Observed::new(),
            heard: BTreeSet::new(),
            changed,
        };
        task.observe_all();
        task.publish_project();
        tokio::spawn(task.run(receiver));
        Self { commands }
    }

    /// Hands a command in and waits until its first consequence is published.
    pub async fn tell(&self, command: Command) {
        let (done, told) = oneshot::channel();
        if self.commands.send((command, done)).await.is_ok() {
            // An error means that the task has ended, and then there is nothing to wait for.
            let _ = told.await;
        }
    }
}

struct Task {
    context: StackContext,
    state: ProjectState,
    graph: Graph,
    nodes: IndexMap<String, Arc<dyn Node>>,
    /// No longer in the configuration, still to be stopped.
    leaving: IndexMap<String, Arc<dyn Node>>,
    wanted: BTreeSet<String>,
    /// The first wish is written down whatever it changes: what was known before is of another engine.
    is_first_wish: bool,
    /// That is still to be written down.
    unstored: bool,
    /// Everything is being stopped, although that is not what the user wants to run next time.
    ending: bool,
    wishes: Wishes,
    /// What is wrong with the configuration as it is written now.
    broken: Vec<Problem>,
    /// What is said of names that it goes without; until it is told again, or has another configuration.
    names: Vec<Problem>,
    /// Why changes of its files are not seen.
    unwatched: Option<Problem>,
    /// What each node was when it was last looked at.
    observed: Observed,
    /// Replicas that will ask for the restart that another one has asked for already.
    heard: BTreeSet<String>,
    changed: Arc<Changes>,
}

impl Task {
    async fn run(mut self, mut receiver: mpsc::Receiver<(Command, oneshot::Sender<()>)>) {
        loop {
            let changed = Arc::clone(&self.changed);
            let store = self.context.store.clone();
            tokio::select! {
                received = receiver.recv() => {
                    let Some((command, done)) = received else { return };
                    if !self.is_known(&command) {
                        self.look();
                        self.take(command).await;
                        // A wish can be seen before anything has been done about it.
                        self.publish_all();
                    }
                    self.settle().await;
                    let _ = done.send(());
                    if self.unstored {
                        self.store_wanted().await;
                    }
                }
                () = changed.any() => self.settle().await,
                () = store.works_again(), if self.unstored => self.store_wanted().await,
            }
        }
    }

    /// What is said with each start: that the configuration is in effect.
    fn is_known(&self, command: &Command) -> bool {
        matches!(command, Command::Differs(changes) if self.broken.is_empty() && *changes == self.state.changes)
    }

    async fn take(&mut self, command: Command) {
        match command {
            Command::End { .. } => self.ending = true,
            Command::Start { .. } | Command::Restart { .. } => self.ending = false,
            _ => {}
        }
        let is_wish = matches!(
            command,
            Command::Start { .. } | Command::Stop(_) | Command::Restart { .. } | Command::Replace { .. }
        );
        let before = self.wanted.len();
        self.obey(command).await;
        if is_wish {
            // Each of them only adds to what is wanted, or only takes from it.
            self.unstored |= self.is_first_wish || self.wanted.len() != before;
            self.is_first_wish = false;
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Start { names, again } => {
                let named: BTreeSet<String> = names.into_iter().collect();
                let mut all = self.graph.with_dependencies(&named);
                self.wanted.extend(all.iter().cloned());
                all.retain(|name| !self.is_done(name, named.contains(name), again));
                self.wish(all, Wish::Start);
            }
            Command::Stop(names) => {
                let names = self.graph.with_bereft(&self.named(names));
                self.wanted.retain(|name| !names.contains(name));
                self.wish(names, Wish::Stop);
            }
            Command::Restart { names, whole, dependants } => {
                let mut names: BTreeSet<String> = names.into_iter().collect();
                if whole {
                    names.extend(self.wanted.iter().cloned());
                }
                if dependants {
                    let above = self.graph.with_bereft(&names);
                    names.extend(above.into_iter().filter(|name| self.wanted.contains(name)));
                }
                let mut below = self.graph.with_dependencies(&names);
                self.wanted.extend(below.iter().cloned());
                below.retain(|name| !names.contains(name) && !self.is_done(name, false, false));
                let (rolling, others) = self.graph.rolling(&names);
                self.wish(rolling, Wish::Roll);
                self.wish(others, Wish::Restart);
                self.wish(below, Wish::Start);
            }
            Command::End { kill: false } => self.wish(self.named(vec![]), Wish::Stop),
            Command::End { kill: true } => {
                self.wishes.clear();
                for node in self.nodes.values() {
                    node.kill().await;
                }
                self.observe_all();
            }
            Command::Problems(problems) => {
                self.broken = problems;
                self.state.changes.clear();
                self.publish_project();
            }
            Command::Differs(changes) => {
                self.broken.clear();
                self.state.changes = changes;
                self.publish_project();
            }
            Command::Look => {}
            Command::Names(problems) if problems == self.names => {}
            Command::Names(problems) => {
                self.names = problems;
                self.publish_project();
            }
            Command::Unwatched(problem) if problem == self.unwatched => {}
            Command::Unwatched(problem) => {
                self.unwatched = problem;
                self.publish_project();
            }
            Command::Applying(applying) => {
                self.state.applying = applying;
                self.publish_project();
            }
            Command::Replace { state, graph, nodes } => self.replace(state, graph, nodes).await,
        }
    }

    async fn replace(&mut self, state: ProjectState, graph: Graph, nodes: IndexMap<String, Arc<dyn Node>>) {
        for (name, node) in std::mem::replace(&mut self.nodes, nodes) {
            if !self.nodes.contains_key(&name) && !at_rest(&node.observe()) {
                node.stop().await;
                self.leaving.insert(name, node);
            }
        }
        let applying = self.state.applying;
        (self.state, self.graph) = (ProjectState { applying, ..state }, graph);
        self.broken.clear();
        self.names.clear();
        self.wanted.retain(|name| self.nodes.contains_key(name));
        self.wishes.retain(|name, _| self.nodes.contains_key(name));
        self.observe_all();
        self.publish_project();
    }

    /// Whether a start leaves it as it is: what is through and stays so, and was not asked for by name.
    fn is_done(&self, name: &str, named: bool, again: bool) -> bool {
        let Some(node) = self.observed.get(name) else { return false };
        node.is_done()
            && !self.wishes.contains_key(name)
            && if node.kind == NodeKind::Task { !(named && again) } else { !named }
    }

    fn named(&self, names: Vec<String>) -> BTreeSet<String> {
        if names.is_empty() { self.nodes.keys().cloned().collect() } else { names.into_iter().collect() }
    }

    fn wish(&mut self, names: BTreeSet<String>, wish: Wish) {
        for name in names {
            let wish = follows(self.wishes.get(&name).copied(), wish);
            self.wishes.insert(name, wish);
        }
    }

    /// Takes steps until there is none, and publishes what came of it.
    async fn settle(&mut self) {
        let mut seen = BTreeSet::new();
        loop {
            seen.extend(self.look());
            let steps = plan(&self.graph, &self.wishes, &self.observed);
            if steps.is_empty() {
                break;
            }
            // Before a replica is taken down, requests are led to the one that has just become ready.
            if steps.iter().any(|step| self.wishes.get(&step.node) == Some(&Wish::Roll)) {
                self.publish(&seen);
            }
            seen.extend(steps.iter().map(|step| step.node.clone()));
            self.apply(steps).await;
        }
        self.retire();
        self.forget_heard();
        // What a node waits for is shown with it.
        let above = self.graph.with_dependants(&seen);
        seen.extend(above.into_iter().filter(|name| self.wishes.contains_key(name)));
        self.publish(&seen);
    }

    /// All of them side by side, as a node's answer takes a moment.
    async fn apply(&mut self, steps: Vec<Step>) {
        for Step { node, then, .. } in &steps {
            match then {
                Some(wish) => self.wishes.insert(node.clone(), *wish),
                None => self.wishes.remove(node),
            };
        }
        let acted = steps.iter().filter_map(|Step { node: name, action, .. }| {
            let (action, node) = (action.as_ref()?, self.nodes.get(name)?);
            let answered = match action {
                Action::Start => node.start(),
                Action::Stop => node.stop(),
            };
            Some(answered.map(|()| (name.clone(), node.observe())))
        });
        self.observed.extend(join_all(acted).await);
    }

    /// Looks at what has changed; gives the names of these nodes.
    fn look(&mut self) -> BTreeSet<String> {
        let Pending { all, mut nodes, restarts } = self.changed.take();
        for name in restarts {
            nodes.extend(self.restart_together(&name));
        }
        if all {
            self.observe_all();
            return self.nodes.keys().cloned().collect();
        }
        for name in &nodes {
            if let Some(node) = self.nodes.get(name) {
                self.observed.insert(name.clone(), node.observe());
            }
        }
        nodes
    }

    /// Each replica hears of a changed file by itself, and the first one to say so speaks for all. Gives those that are
    /// to be restarted.
    fn restart_together(&mut self, name: &str) -> BTreeSet<String> {
        let wanted = |name: &&String| self.wanted.contains(*name);
        let replicas: BTreeSet<String> = self.graph.replicas(name).iter().filter(wanted).cloned().collect();
        if self.ending || self.heard.remove(name) || !replicas.contains(name) {
            return BTreeSet::new();
        }
        self.heard.extend(replicas.iter().filter(|other| *other != name).cloned());
        self.wish(replicas.clone(), Wish::Roll);
        replicas
    }

    /// When nothing of a restart is left to be done, what is heard is of another change.
    fn forget_heard(&mut self) {
        let (graph, wishes, observed) = (&self.graph, &self.wishes, &self.observed);
        let goes_on = |name: &String| wishes.contains_key(name) || observed.get(name).is_some_and(comes_up);
        self.heard.retain(|name| graph.replicas(name).iter().any(goes_on));
    }

    fn observe_all(&mut self) {
        self.observed = self.nodes.iter().map(|(name, node)| (name.clone(), node.observe())).collect();
    }

    fn retire(&mut self) {
        let before = self.leaving.len();
        self.leaving.retain(|_, node| !at_rest(&node.observe()));
        if self.leaving.len() < before {
            self.publish_project();
        }
    }

    fn shown(&self, name: &str) -> NodeState {
        let none = BTreeSet::new();
        let wanted = if self.ending { &none } else { &self.wanted };
        show(&self.graph, &self.wishes, wanted, &self.observed, name)
    }

    fn shown_all(&self) -> Vec<NodeState> {
        let staying = self.nodes.keys().map(|name| self.shown(name));
        staying.chain(self.leaving.values().map(|node| node.observe())).collect()
    }

    fn publish(&self, names: &BTreeSet<String>) {
        let staying = names.iter().filter(|name| self.nodes.contains_key(*name));
        let shown = staying.map(|name| self.shown(name));
        let shown = shown.chain(self.leaving.values().map(|node| node.observe()));
        self.context.hub.set_nodes(&self.state.slug, shown.collect());
    }

    fn publish_all(&self) {
        self.context.hub.set_nodes(&self.state.slug, self.shown_all());
    }

    fn publish_project(&self) {
        let mut state = ProjectState { nodes: self.shown_all(), ..self.state.clone() };
        if !self.broken.is_empty() {
            state.problems.clone_from(&self.broken);
        }
        state.problems.extend(self.names.iter().chain(&self.unwatched).cloned());
        self.context.hub.set_project(state);
    }

    async fn store_wanted(&mut self) {
        let wanted = self.wanted.iter().cloned().collect();
        let stored = self.context.store.set_desired(self.state.slug.clone(), wanted).await;
        self.unstored = stored.as_ref().is_err_and(StoreError::is_of_the_disk);
        if let Err(error) = stored {
            tracing::error!(project = self.state.slug, %error, "what the user wants to run is not stored");
        }
    }
}
