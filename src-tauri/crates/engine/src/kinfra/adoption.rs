//! What an earlier engine left running, and what ended since.
//!
//! Theory of operation: the store knows which runs were begun, the keeper which of them live. A run that both know
//! is adopted. One that only the store knows ended when nobody could see how; should its process live all the same,
//! its keeper was killed with the engine: nobody reads its output any more, and it is ended. One that only the keeper
//! knows belongs to nobody, and is ended too.

use std::collections::HashMap;

use kinfra_keeper::protocol::{Run, Scope};
use kinfra_rpc::{Exit, Failure};

use crate::process::{Identity, end_leftovers};
use crate::service_manager::{AdoptedRun, ServiceContext};
use crate::store::StoredRun;

const SIGKILL: i32 = 9;

pub struct Adoption {
    begun: Vec<StoredRun>,
    held: HashMap<String, Run>,
}

impl Adoption {
    /// # Errors
    /// When store or keeper don't answer.
    pub async fn take_stock(services: &ServiceContext) -> Result<Self, Failure> {
        let begun = services.store.open_runs().await?;
        let held = services.keeper.list().await?;
        Ok(Self { begun, held: held.into_iter().map(|run| (run.run.clone(), run)).collect() })
    }

    /// The nodes of an instance that have a run.
    pub fn nodes(&self, instance: &str) -> Vec<String> {
        let runs = self.begun.iter().filter(|run| run.run.instance == instance);
        runs.map(|run| run.run.node.clone()).collect()
    }

    /// The newest run of a node, if one was not known to have ended.
    pub async fn take(
        &mut self,
        services: &ServiceContext,
        instance: &str,
        node: &str,
    ) -> Option<AdoptedRun> {
        let is_its = |run: &StoredRun| run.run.instance == instance && run.run.node == node;
        let newest = self.begun.iter().rposition(is_its)?;
        let StoredRun { run, pid, start_time } = self.begun.remove(newest);
        let (pid, ended) = match self.held.remove(&run.id) {
            Some(held) => (
                held.identity.pid,
                held.ended.map(|status| Exit { code: status.code, signal: status.signal, at: status.at }),
            ),
            None => {
                end_lost(run.id.clone(), start_time).await;
                (pid.unwrap_or_default(), Some(unseen(services)))
            }
        };
        tracing::info!(
            project = instance,
            node,
            run = run.number,
            pid,
            ?ended,
            "taken over from an earlier engine"
        );
        Some(AdoptedRun {
            id: run.id,
            number: run.number,
            restarts: run.restarts,
            pid,
            started_at: run.started_at,
            ended,
        })
    }

    /// Ends and forgets what is left: the runs of nobody.
    pub async fn clear(self, services: &ServiceContext) {
        for StoredRun { run, start_time, .. } in self.begun {
            end_lost(run.id.clone(), start_time).await;
            if let Err(error) = services.store.end_run(run.id, unseen(services)).await {
                tracing::warn!(project = run.instance, node = run.node, %error, "the end of an old run is not written down");
            }
        }
        for (id, run) in self.held {
            tracing::warn!(run = id, pid = run.identity.pid, "ended, as no project knows this run");
            let ended = services.keeper.signal(&id, SIGKILL, Scope::Everything).await;
            if let Err(error) = ended {
                tracing::warn!(run = id, %error, "not ended");
            }
        }
    }
}

/// What carries the mark of a run whose keeper is gone.
async fn end_lost(run: String, start_time: Option<u64>) {
    let leader = Identity { pid: 0, start_time: start_time.unwrap_or_default() };
    // It looks through all processes; an error means that it panicked, which is logged where it happens.
    let _ = tokio::task::spawn_blocking(move || end_leftovers(&run, leader)).await;
}

fn unseen(services: &ServiceContext) -> Exit {
    Exit { at: services.clock.now(), ..Exit::default() }
}
