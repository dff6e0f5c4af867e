//! A probe that is a command. It is run like everything else: held by the keeper, which finds what it leaves behind,
//! and with its output in a log of its own, whose last line is the reason when it fails.

use std::time::{Duration, Instant};

use kinfra_keeper::protocol::{Scope, Spawn};
use kinfra_rpc::{ErrorCode, Problem};
use tokio::time::timeout;

use super::handed::Handed;
use super::launch::{Prepared, environment, prepare};
use super::service::{Service, new_run_id};
use crate::config::{Run, ServiceSpec};
use crate::health::took;
use crate::logs::last_lines_of;
use crate::resource_manager::Ran;

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
        let start = Instant::now();
        match self.run_command(spec, command, limit, handed).await {
            Ok(Ran { exit, .. }) if exit.code == Some(0) => Ok(took(start.elapsed())),
            Ok(Ran { exit, last_line }) => {
                let said = last_line.map_or_else(String::new, |said| format!(": {said}"));
                Err(format!("its health command {}{said}", exit.describe()))
            }
            Err(problem) => Err(problem.message),
        }
    }

    /// Runs a command that is about the service and not part of it, and waits for its end.
    ///
    /// # Errors
    /// When it can't be run, or doesn't end in time.
    pub(super) async fn run_command(
        &self,
        spec: &ServiceSpec,
        command: &Run,
        limit: Duration,
        handed: &Handed,
    ) -> Result<Ran, Problem> {
        // Not its service's: what an earlier one said is no reason of this one's failure. They come one at a time.
        let number = self.context.clock.wall_now();
        let id = new_run_id()?;
        let spawn = self.command(&id, number, spec, command, handed)?;
        let log_folder = spawn.log_folder.clone();
        let ended = self.context.runs.wait_for(id.clone());
        let failed = |message| Problem::new(ErrorCode::CommandNotFound, message);
        let asked = async {
            let spawned = self.context.keeper.spawn(spawn).await;
            spawned.map_err(|error| failed(format!("cannot run its command: {error}")))?;
            ended.await.map_err(|_| failed("nobody saw how its command ended".to_owned()))
        };
        let answer = timeout(limit, asked).await;
        self.clear(&id).await;
        let exit =
            answer.map_err(|_| failed(format!("its command did not end within {}", took(limit))))??;
        if exit.code == Some(0) {
            return Ok(Ran { exit, last_line: None });
        }
        let redactor = self.context.secrets.redactor(&self.project);
        let said =
            tokio::task::spawn_blocking(move || last_lines_of(&log_folder, number, 1, &redactor).pop());
        Ok(Ran { exit, last_line: said.await.ok().flatten() })
    }

    fn command(
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
