//! Runs that only the keeper knows: their records are lost.
//!
//! Theory of operation: nobody supervises such a run, and a service that is started would run beside it, so it is
//! ended. Where its output goes says whose it was: then it is ended as that service wants it, and its timeline says so.
//! Of one that nobody can name a problem tells. What a probe had begun is killed without a word.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use kinfra_keeper::protocol::{Run, Scope};
use kinfra_rpc::{ErrorCode, EventKind, Problem};
use tokio::time::{Instant, sleep};

use super::engine::Engine;
use crate::config::StopSpec;

const SIGKILL: i32 = 9;

/// For one whose service isn't known: SIGTERM, and half of what services have.
const UNKNOWN: StopSpec = StopSpec { signal: 15, grace: Duration::from_secs(5) };

/// How often it is looked whether something is left.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

impl Engine {
    /// Returns when all of them are gone, or were killed.
    pub(super) async fn end_strays(&self, strays: Vec<Run>) {
        join_all(strays.into_iter().map(|stray| self.end_stray(stray))).await;
    }

    async fn end_stray(&self, stray: Run) {
        let id = &stray.run;
        let Some((project, node)) = owner(&stray.log_folder, &self.options.home.logs()) else {
            self.signal_stray(id, SIGKILL).await;
            return self.forget_stray(&stray).await;
        };
        if stray.ended.is_some() && !self.is_left(id).await {
            return self.forget_stray(&stray).await;
        }
        tracing::warn!(
            run = id,
            pid = stray.identity.pid,
            project,
            node,
            "ended, as no record knows this run"
        );
        let known = self.project(&project).ok();
        let service = known.as_ref().and_then(|project| project.services.get(&node));
        let StopSpec { signal, grace } = service.map_or(UNKNOWN, |service| service.spec().stop);
        let deadline = Instant::now() + grace;
        // Else it would be forgotten with the end of its leader, and what that leaves behind with it.
        let _its_end = self.services.runs.wait_for(id.clone());
        self.signal_stray(id, signal).await;
        while self.is_left(id).await && Instant::now() < deadline {
            sleep(LOOK_AGAIN).await;
        }
        let (kind, how) = match self.is_left(id).await {
            true => (EventKind::Killed, format!("did not end within {} s: killed", grace.as_secs())),
            false => (EventKind::Stopped, "stopped".to_owned()),
        };
        if kind == EventKind::Killed {
            self.signal_stray(id, SIGKILL).await;
        }
        self.services.runs.end(id);
        self.forget_stray(&stray).await;
        let text = format!("a process of which no record is left, pid {}: {how}", stray.identity.pid);
        if known.is_some() {
            self.services.timeline.tell(&project, &node, stray.number, kind, text);
        } else {
            let message =
                format!("{node} of the project {project}, which is not known any more, ran on: {text}");
            let hint = format!("what it printed is in {}", stray.log_folder.display());
            let problem = Problem::new(ErrorCode::Internal, message).hint(hint);
            self.hub.change_engine(|engine| engine.problems.push(problem));
        }
    }

    async fn signal_stray(&self, id: &str, signal: i32) {
        if let Err(error) = self.services.keeper.signal(id, signal, Scope::Everything).await {
            tracing::warn!(run = id, signal, %error, "not signalled");
        }
    }

    /// Not seen is not gone.
    async fn is_left(&self, id: &str) -> bool {
        self.services.keeper.remaining(id).await.map_or(true, |left| !left.is_empty())
    }

    /// Refused as long as it lives: then its end is told, and forgotten as that of nobody's run.
    async fn forget_stray(&self, stray: &Run) {
        let _ = self.services.keeper.forget(&stray.run).await;
    }
}

/// The instance and the node of a run, from where its output goes; none for a health command.
pub fn owner(log_folder: &Path, logs: &Path) -> Option<(String, String)> {
    let mut parts = log_folder.strip_prefix(logs).ok()?.iter().map(|part| part.to_str());
    let (instance, node) = (parts.next()??, parts.next()??);
    parts.next().is_none().then(|| (instance.to_owned(), node.to_owned()))
}
