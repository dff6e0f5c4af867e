use std::fs;
use std::io;

use kinfra_rpc::{Done, ErrorCode, Failure, Problem};

use super::engine::Engine;
use crate::orchestrator::Command;

impl Engine {
    /// Stops a project and forgets it with its ports, logs and containers. Its folder and its data are left alone.
    ///
    /// # Errors
    /// When something of it could not be stopped; then it stays.
    pub(super) async fn remove_project(&self, slug: &str) -> Result<Done, Failure> {
        let project = self.project(slug)?;
        project.stack.tell(Command::Stop(vec![])).await;
        if !self.until_at_rest(Some(slug)).await {
            let message = format!("{slug} is not removed: something of it could not be stopped");
            return Err(Problem::new(ErrorCode::Internal, message)
                .hint("kinfra status shows what still runs")
                .into());
        }
        for (node, service) in &project.services {
            // What is left is stopped, and carries our mark.
            if let Err(problem) = service.take_away().await {
                tracing::warn!(project = slug, node, %problem.message, "what was made for it is left");
            }
        }
        let _turn = self.catalog.loading.lock().await;
        self.catalog.remove_env_files(slug).await;
        // The ports first: if this ends in between, a project without claims only chooses them again.
        self.catalog.ports.remove(slug).await?;
        self.store.remove_project(slug.to_owned()).await?;
        self.projects().remove(slug);
        self.hub.remove_project(slug);
        self.services.secrets.forget(slug);
        self.settle_names().await;
        let logs = self.options.home.project_logs(slug);
        match fs::remove_dir_all(&logs) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(folder = %logs.display(), %error, "old logs are not deleted");
            }
            _ => {}
        }
        tracing::info!(project = slug, "removed");
        Ok(Done {})
    }
}
