//! What is given to every service of every project.
//!
//! Theory of operation: an app that was started from a desktop knows nothing of what a login shell sets up: PATH
//! entries of version managers and the like. So the shell is asked, once, by the first launch, which waits for it; if
//! it doesn't answer well, the app's own environment is used, and a problem says why.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kinfra_rpc::Problem;
use tokio::sync::OnceCell;

use super::environment::inherited;
use super::launch::Given;
use crate::process::LoginShell;

pub struct Surroundings {
    /// What the engine was handed.
    own: BTreeMap<String, String>,
    settings: Vec<(String, String)>,
    /// The folder of KInfra's own programs.
    programs: Option<PathBuf>,
    /// None where its environment isn't wanted.
    shell: Option<LoginShell>,
    system: OnceCell<BTreeMap<String, String>>,
    failed: Box<dyn Fn(Problem) + Send + Sync>,
}

impl Surroundings {
    /// `failed` hears why the shell's environment could not be had.
    #[must_use]
    pub fn new(
        own: BTreeMap<String, String>,
        settings: Vec<(String, String)>,
        programs: Option<PathBuf>,
        shell: Option<LoginShell>,
        failed: impl Fn(Problem) + Send + Sync + 'static,
    ) -> Self {
        Self { own, settings, programs, shell, system: OnceCell::new(), failed: Box::new(failed) }
    }

    /// For a launch: waits for the shell, the first time for up to ten seconds.
    pub async fn given(&self) -> Given {
        let system = self.system.get_or_init(|| async {
            let Some(shell) = &self.shell else { return self.filtered(&self.own) };
            let clean = self.filtered(&self.own);
            match shell.environment(&clean).await {
                Ok(environment) => self.filtered(&environment),
                Err(problem) => {
                    tracing::warn!(%problem, "the environment of the app itself is used");
                    (self.failed)(problem);
                    clean
                }
            }
        });
        self.with(system.await.clone())
    }

    /// As far as it is known already.
    #[must_use]
    pub fn known(&self) -> Given {
        self.with(self.system.get().cloned().unwrap_or_else(|| self.filtered(&self.own)))
    }

    fn with(&self, system: BTreeMap<String, String>) -> Given {
        Given { system, settings: self.settings.clone() }
    }

    fn filtered(&self, environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        inherited(environment, self.programs.as_deref())
    }
}
