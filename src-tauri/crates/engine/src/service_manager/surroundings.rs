//! What is given to every service of every project.
//!
//! Theory of operation: an app that was started from a desktop knows nothing of what a login shell sets up: PATH
//! entries of version managers and the like. So the shell is asked, once, by the first launch, which waits for it; if
//! it doesn't answer well, the app's own environment is used, and a problem says why.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use kinfra_rpc::Problem;
use tokio::sync::OnceCell;

use super::environment::inherited;
use super::launch::Given;
use crate::process::LoginShell;

pub struct Surroundings {
    /// From what the engine was handed.
    own: Arc<Given>,
    /// The folder of KInfra's own programs.
    programs: Option<PathBuf>,
    /// None where its environment isn't wanted.
    shell: Option<LoginShell>,
    resolved: OnceCell<Arc<Given>>,
    failed: Box<dyn Fn(Problem) + Send + Sync>,
}

impl Surroundings {
    /// `failed` hears why the shell's environment could not be had.
    #[must_use]
    pub fn new(
        own: &BTreeMap<String, String>,
        settings: Vec<(String, String)>,
        programs: Option<PathBuf>,
        shell: Option<LoginShell>,
        failed: impl Fn(Problem) + Send + Sync + 'static,
    ) -> Self {
        let own = Arc::new(Given::new(inherited(own, programs.as_deref()), settings));
        Self { own, programs, shell, resolved: OnceCell::new(), failed: Box::new(failed) }
    }

    /// For a launch: waits for the shell, the first time for up to ten seconds.
    pub async fn given(&self) -> Arc<Given> {
        let resolve = || async {
            let Some(shell) = &self.shell else { return Arc::clone(&self.own) };
            match shell.environment(&self.own.system).await {
                Ok(environment) => {
                    let system = inherited(&environment, self.programs.as_deref());
                    Arc::new(Given::new(system, self.own.settings.clone()))
                }
                Err(problem) => {
                    tracing::warn!(%problem, "the environment of the app itself is used");
                    (self.failed)(problem);
                    Arc::clone(&self.own)
                }
            }
        };
        Arc::clone(self.resolved.get_or_init(resolve).await)
    }

    /// As far as it is known already.
    #[must_use]
    pub fn known(&self) -> Arc<Given> {
        Arc::clone(self.resolved.get().unwrap_or(&self.own))
    }
}
