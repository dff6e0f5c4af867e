//! A probe that is a command. It is run like everything else: held by the keeper, which finds what it leaves behind,
//! and with its output in a log of its own, whose last line is the reason when it fails.

use std::time::{Duration, Instant};

use kinfra_keeper::protocol::{Scope, Spawn};
use kinfra_rpc::Problem;
use tokio::time::timeout;

use super::handed::Handed;
use super::launch::{Prepared, environment, prepare};
use super::service::{Service, new_run_id};
use crate::config::{Run, ServiceSpec};
use crate::health::took;
use crate::logs::last_lines_of;

const SIGKILL: i32 = 9;

/// What all of its health commands have printed is kept up to this: only the last one's last line is ever shown.
const LOG_BYTES: u64 = 1024 * 1024;

impl Service {
    pub(super) async fn ask_command(
        &self,
        spec: &ServiceSpec,
        command: &Run,
        limit: Duration,
        handed: &Handed,
    ) -> Result<String, String> {
        // Not its service's: what an earlier one said is no reason of this one's failure. They come one at a time.
        let number = self.context.clock.wall_now();
        let id = new_run_id().map_err(|problem| problem.message)?;
        let spawn =
            self.health_command(&id, number, spec, command, handed).map_err(|problem| problem.message)?;
        let log_folder = spawn.log_folder.clone();
        let ended = self.context.runs.wait_for(id.clone());
        let start = Instant::now();
        let asked = async {
            self.context
                .keeper
                .spawn(spawn)
                .await
                .map_err(|error| format!("cannot run its health command: {error}"))?;
            ended.await.map_err(|_| "nobody saw how its health command ended".to_owned())
        };
        let answer = timeout(limit, asked).await;
        let duration = start.elapsed();
        self.clear(&id).await;
        match answer {
            Ok(Ok(exit)) if exit.code == Some(0) => Ok(took(duration)),
            Ok(Ok(exit)) => {
                let redactor = self.context.secrets.redactor(&self.project);
                let said = tokio::task::spawn_blocking(move || {
                    last_lines_of(&log_folder, number, 1, &redactor).pop()
                })
                .await
                .ok()
                .flatten();
                let said = said.map_or_else(String::new, |said| format!(": {said}"));
                Err(format!("its health command {}{said}", exit.describe()))
            }
            Ok(Err(reason)) => Err(reason),
            Err(_) => Err(format!("its health command did not end within {}", took(limit))),
        }
    }

    fn health_command(
        &self,
        id: &str,
        number: u64,
        spec: &ServiceSpec,
        command: &Run,
        handed: &Handed,
    ) -> Result<Spawn, Problem> {
        let facts = self.facts();
        let environment = environment(spec, &facts, &self.context.surroundings.known(), handed)?;
        let Prepared { program, arguments, environment } =
            prepare(command, &spec.dir, &facts, environment.into_values())?;
        Ok(Spawn {
            run: id.to_owned(),
            number,
            program,
            arguments,
            folder: spec.dir.clone(),
            environment: environment.into_iter().collect(),
            log_folder: self.context.home.health_logs(&self.project, &self.name),
            descriptor_limit: self.context.descriptor_limit,
            log_bytes: Some(LOG_BYTES),
        })
    }

    /// Nothing of a probe outlives it.
    async fn clear(&self, id: &str) {
        self.context.runs.end(id);
        let keeper = &self.context.keeper;
        if keeper.remaining(id).await.is_ok_and(|left| !left.is_empty()) {
            // Should the keeper be lost, its successor ends what it finds.
            let _ = keeper.signal(id, SIGKILL, Scope::Everything).await;
        }
        // Refused as long as it lives: then its end is told, and forgotten as that of nobody's run.
        let _ = keeper.forget(id).await;
    }
}
