//! Pauses what its settings say is to be paused when it isn't used. Used is a stack whose services get requests by the
//! proxy or by a tunnel, or that somebody starts, restarts, changes or acts on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use kinfra_rpc::{Notice, NoticeOffer, Phase};
use tokio::time::sleep;

use super::engine::{Engine, Project};
use crate::disuse::{Due, Idle};
use crate::resource_manager::{Act, By};

const LOOK: Duration = Duration::from_secs(5);

/// By project.
#[derive(Default)]
pub(super) struct Disuse(Mutex<BTreeMap<String, OfProject>>);

#[derive(Default)]
struct OfProject {
    /// What had gone to its services when it was looked last.
    traffic: u64,
    /// By resource.
    idle: BTreeMap<String, Idle>,
}

/// Looks as long as the engine lives.
pub(super) async fn watch(engine: Weak<Engine>) {
    loop {
        sleep(LOOK).await;
        let Some(engine) = engine.upgrade() else { return };
        engine.look_for_disuse();
    }
}

impl Disuse {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, OfProject>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Somebody does something with a project.
    pub(super) fn used(&self, project: &str) {
        let now = self.services.clock.now();
        if let Some(known) = self.disuse.lock().get_mut(project) {
            known.idle.values_mut().for_each(|idle| idle.used(now));
        }
    }

    fn look_for_disuse(&self) {
        let projects: Vec<(String, Project)> = {
            let known = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
            known.iter().map(|(slug, project)| (slug.clone(), project.clone())).collect()
        };
        self.disuse.lock().retain(|slug, _| projects.iter().any(|(known, _)| known == slug));
        for (slug, project) in &projects {
            self.look_at(slug, project);
        }
    }

    fn look_at(&self, slug: &str, project: &Project) {
        let limits: Vec<(&String, Duration)> = project
            .services
            .iter()
            .filter_map(|(name, node)| Some((name, node.spec().auto_pause()?)))
            .collect();
        if limits.is_empty() {
            self.disuse.lock().remove(slug);
            return;
        }
        let now = self.services.clock.now();
        let traffic = self.traffic_of(slug, project);
        let (running, busy) = self.running(slug);
        let mut disuse = self.disuse.lock();
        let known = disuse.entry(slug.to_owned()).or_default();
        if std::mem::replace(&mut known.traffic, traffic) != traffic {
            known.idle.values_mut().for_each(|idle| idle.used(now));
        }
        // What begins to run is used.
        known.idle.retain(|name, _| running.contains(name));
        for (name, limit) in limits.into_iter().filter(|(name, _)| running.contains(name)) {
            let idle = known.idle.entry(name.clone()).or_insert_with(|| Idle::new(limit, now));
            idle.limit(limit);
            match idle.due(now, busy) {
                Due::Nothing => {}
                Due::Tell(left) => self.hub.notice(told(slug, name, left)),
                Due::Pause => self.pause_unused(project, name, limit),
            }
        }
    }

    fn pause_unused(&self, project: &Project, name: &str, limit: Duration) {
        let Some(node) = project.services.get(name).cloned() else { return };
        tokio::spawn(async move {
            let act = Act { action: Act::PAUSE.to_owned(), by: By::Unused(limit), ..Act::default() };
            match node.act(&act).await {
                Ok(_) => tracing::info!(node = node.name(), "paused, as it was not used"),
                Err(problem) => {
                    tracing::warn!(node = node.name(), %problem.message, "not paused, though it was not used");
                }
            }
        });
    }

    /// All that has gone to its services, as one figure that grows.
    fn traffic_of(&self, slug: &str, project: &Project) -> u64 {
        let figures = project.all_services().into_iter().filter_map(|name| self.proxy.figures(slug, &name));
        figures.map(|figures| figures.requests + figures.received + figures.sent).sum()
    }

    /// Its nodes that run and aren't paused, and whether something of it is on its way.
    fn running(&self, slug: &str) -> (Vec<String>, bool) {
        self.hub.read(|state| {
            let Some(project) = state.projects.iter().find(|project| project.slug == slug) else {
                return (vec![], false);
            };
            let runs = project.nodes.iter().filter(|node| node.is_ready() && node.paused().is_none());
            let is_moving = |phase| matches!(phase, Phase::Starting | Phase::Stopping);
            let busy = project.applying || project.nodes.iter().any(|node| is_moving(node.phase));
            (runs.map(|node| node.name.clone()).collect(), busy)
        })
    }
}

fn told(project: &str, name: &str, left: Duration) -> Notice {
    let minutes = left.as_secs().div_ceil(60).max(1);
    Notice {
        id: format!("{project}/{name}/unused"),
        title: format!("{name} is not used"),
        body: format!("It is paused in {minutes} min unless somebody uses {project}."),
        project: project.to_owned(),
        service: Some(name.to_owned()),
        problem: None,
        tunnel: None,
        offer: Some(NoticeOffer::KeepRunning),
    }
}
