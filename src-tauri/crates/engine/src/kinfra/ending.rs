//! Quit: stop every stack in reverse order, bounded; asked again, kill at once.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use kinfra_rpc::{EndMode, Snapshot};
use tokio::time::timeout;

use super::engine::{Engine, Project};
use crate::orchestrator::Command;

/// Beside the longest grace: for signals, sweeps and slow disks.
const MARGIN: Duration = Duration::from_secs(5);

/// Names that go with their service are taken away at Cloudflare first. Longer nobody waits for a Quit.
const UNPUBLISHING: Duration = Duration::from_secs(5);

impl Engine {
    /// Ends the engine on a task of its own.
    pub fn begin_quit(&self, mode: EndMode) {
        if let Some(engine) = Weak::upgrade(&self.weak) {
            tokio::spawn(engine.quit(mode));
        }
    }

    pub async fn quit(self: Arc<Self>, mode: EndMode) {
        let mut again = false;
        self.hub.change_engine(|engine| again = std::mem::replace(&mut engine.ending, true));
        if again {
            tracing::info!("asked to end again: killing what still runs");
            if let Some(sharing) = self.sharing.get() {
                sharing.end(true).await;
            }
            return self.end_all(None, true).await;
        }
        tracing::info!(?mode, "ending");
        if mode == EndMode::StopServices {
            self.end_all(None, false).await;
            if let Some(sharing) = self.sharing.get() {
                if timeout(UNPUBLISHING, sharing.settle()).await.is_err() {
                    tracing::warn!(
                        "some public names may be left at Cloudflare; the next start looks for them"
                    );
                }
                sharing.end(false).await;
            }
            if self.until_at_rest(None).await {
                // The next engine would take a run whose end is not written down for one that has crashed.
                let _ = timeout(MARGIN, self.services.runs.until_none()).await;
            }
        }
        self.services.timeline.flush().await;
        self.proxy.stop();
        // Refused as long as it has children: then it stays and holds them.
        let _ = self.services.keeper.quit().await;
        self.hub.ended();
        drop(self.server().take());
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        tracing::info!("ended");
        self.ended.send_replace(true);
    }

    /// Waits until nothing runs in one project, or in all. Bounded by the longest grace: what is not stopped by then
    /// is killed. False when even that was not enough.
    pub(super) async fn until_at_rest(&self, slug: Option<&str>) -> bool {
        let concerned = |project: &&Project| slug.is_none_or(|slug| project.instance.facts().slug == slug);
        let grace = self.projects().values().filter(concerned).map(Project::grace).max().unwrap_or_default();
        let bound = grace + MARGIN;
        if timeout(bound, self.hub.until(|state| at_rest(state, slug))).await.is_ok() {
            return true;
        }
        tracing::warn!(?bound, "not all services ended in time: killing them");
        self.end_all(slug, true).await;
        let ended = timeout(MARGIN, self.hub.until(|state| at_rest(state, slug))).await.is_ok();
        if !ended {
            tracing::error!("services are still there after they were killed");
        }
        ended
    }

    async fn end_all(&self, slug: Option<&str>, kill: bool) {
        let projects: Vec<Project> = self.projects().values().cloned().collect();
        for project in projects {
            if slug.is_none_or(|slug| project.instance.facts().slug == slug) {
                project.stack.tell(Command::End { kill }).await;
            }
        }
    }
}

fn at_rest(state: &Snapshot, slug: Option<&str>) -> bool {
    let mut projects = state.projects.iter().filter(|project| slug.is_none_or(|slug| project.slug == slug));
    projects.all(|project| project.nodes.iter().all(|node| !node.phase.is_active()))
}
