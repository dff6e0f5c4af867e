//! What an earlier engine left running, and what ended since.
//!
//! Theory of operation: the store knows which runs were begun, the keeper which of them live. A run that both know
//! is adopted. One that only the store knows ended when nobody could see how; should its process live all the same,
//! its keeper was killed with the engine: nobody reads its output any more, and it is ended. One that only the keeper
//! knows belongs to nobody, and is ended too (`strays`). A node without such a run goes on where it was: waiting for its next
//! try, given up, or done. Nothing goes on over a boot of the machine.

use std::collections::HashMap;

use kinfra_keeper::protocol::{Run, Scope};
use kinfra_rpc::{Exit, Failure, Wanted};

use crate::process::{ExitStatus, Identity, end_leftovers};
use crate::service_manager::{AdoptedRun, Former, ServiceContext};
use crate::store::{LatestRun, Next, RunEnd, StoredRun};

const SIGKILL: i32 = 9;

pub struct Adoption {
    begun: Vec<StoredRun>,
    held: HashMap<String, Run>,
    /// Those that ended while no engine was there, by project and node.
    ended: Vec<(String, String)>,
}

impl Adoption {
    /// # Errors
    /// When store or keeper don't answer.
    pub async fn take_stock(services: &ServiceContext) -> Result<Self, Failure> {
        let begun = services.store.open_runs().await?;
        let held = services.keeper.list().await?;
        let held = held.into_iter().map(|run| (run.run.clone(), run)).collect();
        Ok(Self { begun, held, ended: vec![] })
    }

    /// The nodes of an instance that have a run.
    pub fn nodes(&self, instance: &str) -> Vec<String> {
        let runs = self.begun.iter().filter(|run| run.run.instance == instance);
        runs.map(|run| run.run.node.clone()).collect()
    }

    /// The nodes, by project, that ran on without an engine and have ended, of those that were taken.
    pub fn ended(&self) -> Vec<(String, String)> {
        self.ended.clone()
    }

    /// What is left of a node, whose newest run is `latest`; `is_wanted`: its user wants it to run.
    pub async fn take(
        &mut self,
        services: &ServiceContext,
        instance: &str,
        node: &str,
        latest: Option<&LatestRun>,
        is_wanted: bool,
    ) -> Former {
        let is_its = |run: &StoredRun| {
            run.run.instance == instance && run.run.node == node && run.run.boot == services.boot
        };
        if let Some(newest) = self.begun.iter().rposition(is_its) {
            let stored = self.begun.remove(newest);
            return Former::Running(self.adopt(services, stored, is_wanted).await);
        }
        match latest.filter(|latest| latest.boot == services.boot).and_then(|latest| latest.end) {
            Some(RunEnd { next: Next::Stopped, .. }) | None => Former::Nothing,
            Some(end) => Former::Ended(end),
        }
    }

    async fn adopt(&mut self, services: &ServiceContext, stored: StoredRun, is_wanted: bool) -> AdoptedRun {
        let StoredRun { run, pid, start_time, is_ending } = stored;
        let (pid, ended) = match self.held.remove(&run.id) {
            // Its adapter is asked what became of it.
            _ if run.adapter.is_some() => (0, None),
            Some(held) => (held.identity.pid, held.ended.map(exit)),
            None => {
                end_lost(run.id.clone(), start_time).await;
                (pid.unwrap_or_default(), Some(unseen(services)))
            }
        };
        let (project, node, number) = (&run.instance, &run.node, run.number);
        if ended.is_some() {
            self.ended.push((project.clone(), node.clone()));
        }
        tracing::info!(project, node, run = number, pid, ?ended, "taken over from an earlier engine");
        AdoptedRun {
            id: run.id,
            number: run.number,
            restarts: run.restarts,
            failures: run.failures,
            pid,
            started_at: run.started_at,
            fingerprint: run.fingerprint.parse().ok(),
            adapter: run.adapter,
            ended,
            ending: is_ending.then_some(if is_wanted { Wanted::Running } else { Wanted::Stopped }),
        }
    }

    /// Ends and forgets the runs that are left of the store's; answers with those that only the keeper knows.
    pub async fn clear(mut self, services: &ServiceContext) -> Vec<Run> {
        for StoredRun { run, start_time, .. } in self.begun {
            let exit = match self.held.remove(&run.id) {
                // The keeper saw how an earlier run of a node ended, whose later one was taken over.
                Some(Run { ended: Some(status), .. }) => exit(status),
                held => {
                    if held.is_some() {
                        end_held(services, &run.id).await;
                    }
                    if run.boot == services.boot && run.adapter.is_none() {
                        end_lost(run.id.clone(), start_time).await;
                    }
                    unseen(services)
                }
            };
            let (restarts, failures) = (run.restarts, run.failures);
            let end = RunEnd { exit, next: Next::Stopped, restarts, failures };
            match services.store.end_run(run.id.clone(), end).await {
                Ok(()) => drop(services.keeper.forget(&run.id).await),
                Err(error) => {
                    tracing::warn!(project = run.instance, node = run.node, %error, "the end of an old run is not written down");
                }
            }
        }
        self.held.into_values().collect()
    }
}

async fn end_held(services: &ServiceContext, run: &str) {
    let ended = services.keeper.signal(run, SIGKILL, Scope::Everything).await;
    if let Err(error) = ended {
        tracing::warn!(run, %error, "not ended");
    }
}

const fn exit(status: ExitStatus) -> Exit {
    Exit { code: status.code, signal: status.signal, at: status.at }
}

/// What carries the mark of a run whose keeper is gone.
async fn end_lost(run: String, start_time: Option<u64>) {
    let leader = Identity { pid: 0, start_time: start_time.unwrap_or_default() };
    // It looks through all processes; an error means that it panicked, which is logged where it happens.
    let _ = tokio::task::spawn_blocking(move || end_leftovers(&run, leader)).await;
}

fn unseen(services: &ServiceContext) -> Exit {
    Exit { at: services.clock.wall_now(), ..Exit::default() }
}
