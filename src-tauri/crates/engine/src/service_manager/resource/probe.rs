use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::super::references::{no_secret, resolve};
use super::super::running::Running;
use super::super::service::Service;
use crate::config::{Run, ServiceSpec};
use crate::health::took;
use crate::resource_manager::Probed;
use crate::supervisor::{ProbeResult, Refusal};

impl Service {
    /// What it says of itself. None: nothing, so its port is asked.
    pub(in crate::service_manager) async fn ask_resource(
        self: &Arc<Self>,
        run: u64,
        running: &Running,
    ) -> Option<ProbeResult> {
        let carried = match self.carried(run, running).await {
            Ok(carried) => carried,
            Err(problem) => return Some(Err(problem.into())),
        };
        match carried.adapter.probe().await {
            Probed::Ready(word) => {
                self.told(&*carried.adapter);
                Some(Ok(word))
            }
            Probed::NotReady(reason) => Some(Err(Refusal::from(self.line(&reason)))),
            Probed::Unknown(problem) => Some(Err(self.redacted(problem).into())),
            Probed::Silent => None,
        }
    }

    /// A health command, run within it. None: it has no inside.
    pub(in crate::service_manager) async fn ask_within(
        self: &Arc<Self>,
        run: u64,
        spec: &ServiceSpec,
        running: &Running,
        command: &Run,
        limit: Duration,
    ) -> Option<Result<String, Refusal>> {
        let carried = match self.carried(run, running).await {
            Ok(carried) => carried,
            Err(problem) => return Some(Err(problem.into())),
        };
        let facts = self.facts();
        let variable = |name: &str| self.context.surroundings.known().system.get(name).cloned();
        let words = command.resolve(&|reference| resolve(&facts, &variable, &no_secret, reference));
        let words = match words {
            Ok(words) => words,
            Err(problem) => return Some(Err(problem.into())),
        };
        let start = Instant::now();
        let ran = timeout(limit, carried.adapter.execute(words)?).await;
        Some(match ran {
            Ok(Ok(ran)) if ran.exit.code == Some(0) => Ok(took(start.elapsed())),
            Ok(Ok(ran)) => {
                let said = ran.last_line.map_or_else(String::new, |said| format!(": {}", self.line(&said)));
                Err(format!("its health command {}{said}", ran.exit.describe()).into())
            }
            Ok(Err(problem)) => Err(self.redacted(problem).into()),
            Err(_) => {
                Err(format!("its health command in {} did not end within {}", spec.name, took(limit)).into())
            }
        })
    }

    fn line(&self, text: &str) -> String {
        self.context.secrets.redactor(&self.project).line(text).into_owned()
    }
}
