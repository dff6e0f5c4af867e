//! What is written down of a run: before anything of it is there, and when nothing of it is left.

use std::sync::PoisonError;

use kinfra_keeper::protocol::Identity;
use kinfra_rpc::{ErrorCode, Problem};

use super::handed::remove_files;
use super::running::Running;
use super::service::Service;
use crate::config::ServiceSpec;
use crate::store::{NewRun, RunEnd};
use crate::supervisor::Counts;

impl Service {
    /// Before anything of it is there.
    ///
    /// # Errors
    /// When it can't be written down.
    pub(super) async fn begin_run(
        &self,
        id: &str,
        number: u64,
        counts: Counts,
        spec: &ServiceSpec,
    ) -> Result<(), Problem> {
        let run = NewRun {
            id: id.to_owned(),
            instance: self.project.clone(),
            node: self.name.clone(),
            number,
            restarts: counts.restarts,
            failures: counts.failures,
            fingerprint: spec.fingerprint().to_string(),
            boot: self.context.boot.clone(),
            started_at: self.context.clock.wall_now(),
            adapter: spec.resource.as_ref().filter(|_| spec.has_adapter()).map(|known| known.kind.to_owned()),
        };
        self.context.store.begin_run(run).await.map_err(|error| {
            let message = format!("{} is not started, as its run can't be written down: {error}", spec.name);
            Problem::new(ErrorCode::StoreFailed, message).hint("look at the free space of the state folder")
        })?;
        self.context.runs.begin(id.to_owned(), self.ticket, number);
        self.last_lines.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// An engine that comes after this one goes on with it.
    pub(super) async fn note_ending(&self, id: &str) {
        if let Err(error) = self.context.store.run_ending(id.to_owned()).await {
            tracing::warn!(%error, "that it is to end is not written down");
        }
    }

    /// Nobody waits for it: should this engine be lost before, the next one hears of the process from the keeper.
    pub(super) fn write_process(&self, id: String, identity: Identity) {
        let Identity { pid, start_time } = identity;
        let store = self.context.store.clone();
        tokio::spawn(async move {
            let Err(error) = store.run_spawned(id.clone(), pid, start_time).await else { return };
            tracing::error!(%error, "the run's process is not written down");
            if error.is_of_the_disk() {
                store.works_again().await;
                // It was tried, and what it is good for is the next engine only.
                let _ = store.run_spawned(id, pid, start_time).await;
            }
        });
    }

    /// Nothing of the run is left: that is written down.
    pub(super) async fn close(&self, run: u64, end: RunEnd) {
        let Some(Running { id, foreign, adapter, carried, .. }) = self.lock().remove(&run) else { return };
        if let Some(carried) = carried.get() {
            carried.drain().await;
        }
        if !foreign {
            remove_files(&self.context.home.run_secrets(&id));
            tracing::info!(exit = ?end.exit, next = ?end.next, "ended");
            let mut written = self.context.store.end_run(id.clone(), end).await;
            // The next engine would take it for one that crashed.
            while let Err(error) = &written
                && error.is_of_the_disk()
            {
                tracing::error!(%error, "the run's end is not written down yet");
                self.context.store.works_again().await;
                written = self.context.store.end_run(id.clone(), end).await;
            }
            match written {
                // The keeper remembers it until the store does.
                Ok(()) if adapter.is_some() => {}
                Ok(()) => drop(self.context.keeper.forget(&id).await),
                Err(error) => tracing::error!(%error, "the run's end is not written down"),
            }
        }
        self.context.runs.end(&id);
    }
}
