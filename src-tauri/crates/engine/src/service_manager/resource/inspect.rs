use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Inspection, Problem};

use super::super::service::Service;
use crate::config::ResourceSpec;
use crate::resource_manager::{Act, Adapter};

impl Service {
    /// What it is where it runs, and what can be done with it there.
    ///
    /// # Errors
    /// When it is nothing that is run elsewhere, or that can't be asked.
    pub(in crate::service_manager) async fn inspect(self: &Arc<Self>) -> Result<Inspection, Problem> {
        let adapter = self.adapter_now().await?;
        let inspection = adapter.inspect().ok_or_else(|| self.runs_nowhere_else())?;
        inspection.await.map_err(|problem| self.redacted(problem))
    }

    /// # Errors
    /// When there is no such thing to be done, it has to be confirmed, or it was not taken.
    pub(in crate::service_manager) async fn act(self: &Arc<Self>, act: &Act) -> Result<String, Problem> {
        let adapter = self.adapter_now().await?;
        let acted = adapter.act(act).ok_or_else(|| self.runs_nowhere_else())?.await;
        self.changed.node(&self.name);
        acted.map_err(|problem| self.redacted(problem))
    }

    /// That of its run, or one for a look.
    async fn adapter_now(self: &Arc<Self>) -> Result<Arc<dyn Adapter>, Problem> {
        let spec = self.spec();
        if spec.resource.as_ref().is_none_or(ResourceSpec::is_process) {
            return Err(self.runs_nowhere_else());
        }
        let running = {
            let runs = self.lock();
            let with = runs.iter().find(|(_, running)| running.adapter.is_some());
            with.map(|(run, running)| (*run, running.clone()))
        };
        if let Some((run, running)) = running {
            return Ok(Arc::clone(&self.carried(run, &running).await?.adapter));
        }
        let given = self.context.surroundings.given().await;
        let handed = Arc::new(self.handed_for_now(&spec).await?);
        self.adapter(&spec, &self.facts(), &given, &handed, &[])
    }

    fn runs_nowhere_else(&self) -> Problem {
        let message =
            format!("there is nothing more to see of {}, and nothing else to do with it", self.name);
        Problem::new(ErrorCode::InvalidRequest, message)
            .hint("what runs in a cloud has more: docs/cloud.md lists its types")
    }
}
