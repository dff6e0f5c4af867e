//! Resources that several projects use: who does is counted, and the last one stops them.
//!
//! Theory of operation: a project uses a node of another one by a node of its own, whose run is written down as any
//! other. So after the loss of an engine each user counts itself again, and nothing but one fact has to be stored: that
//! a node was started for its users' sake. One that its own project was asked to start has that as a user as well, and
//! is left as it is when all others have gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, NodeState, Problem, Wanted};

use super::engine::{Engine, Project};
use crate::orchestrator::Command;
use crate::resource_manager::{Place, SharedNode, Stacks};
use crate::service_manager::offered;
use crate::store::StoreError;

pub(super) struct Shares {
    engine: Weak<Engine>,
    users: Mutex<BTreeMap<SharedNode, BTreeSet<(String, String)>>>,
}

fn setting(shared: &SharedNode) -> String {
    format!("started for its users: {}/{}", shared.project, shared.node)
}

fn unwritten(shared: &SharedNode, error: &StoreError) -> Problem {
    let message = format!("who uses {} of {} can't be written down: {error}", shared.node, shared.project);
    Problem::new(ErrorCode::StoreFailed, message).hint("look at the free space of the state folder")
}

impl Shares {
    pub fn new(engine: Weak<Engine>) -> Self {
        Self { engine, users: Mutex::default() }
    }

    fn project(&self, shared: &SharedNode) -> Result<(std::sync::Arc<Engine>, Project), Problem> {
        let gone = || Problem::new(ErrorCode::Internal, "the engine is ending");
        let engine = self.engine.upgrade().ok_or_else(gone)?;
        let unknown = |message: String| Problem::new(ErrorCode::UnknownProject, message);
        let project = engine.project(&shared.project).map_err(|_| {
            unknown(format!("{} of {} can't be used: no such project is known", shared.node, shared.project))
                .hint("make it known: kinfra add FOLDER")
        })?;
        if !project.services.contains_key(&shared.node) {
            let known: Vec<&str> = project.services.keys().map(String::as_str).collect();
            return Err(unknown(format!("{} has no {}", shared.project, shared.node))
                .hint(format!("known: {}", known.join(", "))));
        }
        Ok((engine, project))
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<SharedNode, BTreeSet<(String, String)>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self, shared: &SharedNode) -> Option<NodeState> {
        let engine = self.engine.upgrade()?;
        engine.hub.read(|snapshot| {
            let project = snapshot.projects.iter().find(|project| project.slug == shared.project)?;
            project.nodes.iter().find(|node| node.name == shared.node).cloned()
        })
    }
}

impl Engine {
    /// Its own project was asked to start these: they are not stopped with their last user.
    pub(super) async fn keep_for_its_own(&self, project: &str, names: &[String]) {
        let shared = |node: &String| SharedNode { project: project.to_owned(), node: node.clone() };
        let settings = names.iter().map(|node| setting(&shared(node))).collect();
        if let Err(error) = self.store.remove_settings(settings).await {
            tracing::warn!(%error, project, ?names, "that its own project wants them is not written down");
        }
    }
}

impl Stacks for Shares {
    fn join<'a>(&'a self, shared: &'a SharedNode, user: &'a Place) -> BoxFuture<'a, Result<(), Problem>> {
        async move {
            let (engine, project) = self.project(shared)?;
            self.users()
                .entry(shared.clone())
                .or_default()
                .insert((user.instance.clone(), user.node.clone()));
            let is_wanted = self.seen(shared).is_some_and(|node| node.wanted == Wanted::Running);
            if is_wanted {
                return Ok(());
            }
            engine
                .store
                .set_setting(setting(shared), "1".to_owned())
                .await
                .map_err(|error| unwritten(shared, &error))?;
            let names = vec![shared.node.clone()];
            project.stack.tell(Command::Start { names, again: false }).await;
            Ok(())
        }
        .boxed()
    }

    fn leave<'a>(&'a self, shared: &'a SharedNode, user: &'a Place) -> BoxFuture<'a, Result<(), Problem>> {
        async move {
            let is_last = {
                let mut users = self.users();
                let Some(known) = users.get_mut(shared) else { return Ok(()) };
                let was_one = known.remove(&(user.instance.clone(), user.node.clone()));
                was_one && known.is_empty()
            };
            // An engine that ends stops all by itself, and what it is to start again is another matter.
            let Ok((engine, project)) = self.project(shared) else { return Ok(()) };
            if !is_last || engine.refuse_when_ending().is_err() {
                return Ok(());
            }
            let started =
                engine.store.setting(setting(shared)).await.map_err(|error| unwritten(shared, &error))?;
            if started.is_some() {
                project.stack.tell(Command::Stop(vec![shared.node.clone()])).await;
                engine
                    .store
                    .remove_setting(setting(shared))
                    .await
                    .map_err(|error| unwritten(shared, &error))?;
            }
            Ok(())
        }
        .boxed()
    }

    fn look(&self, shared: &SharedNode) -> Result<NodeState, Problem> {
        self.project(shared)?;
        self.seen(shared).ok_or_else(|| {
            Problem::new(
                ErrorCode::UnknownService,
                format!("{} of {} is not seen yet", shared.node, shared.project),
            )
            .hint("try again")
        })
    }

    fn outputs(&self, shared: &SharedNode) -> BTreeMap<String, String> {
        self.project(shared)
            .map(|(_, project)| offered(&project.instance.facts(), &shared.node))
            .unwrap_or_default()
    }

    fn wait_for<'a>(
        &'a self,
        shared: &'a SharedNode,
        fits: &'a (dyn Fn(Option<&NodeState>) -> bool + Send + Sync),
    ) -> BoxFuture<'a, ()> {
        async move {
            let Some(mut revisions) = self.engine.upgrade().map(|engine| engine.hub.revisions()) else {
                return;
            };
            loop {
                revisions.borrow_and_update();
                if fits(self.seen(shared).as_ref()) || revisions.changed().await.is_err() {
                    return;
                }
            }
        }
        .boxed()
    }
}
