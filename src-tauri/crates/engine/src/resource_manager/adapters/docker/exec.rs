use bollard::Docker;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt;
use kinfra_rpc::{Exit, Problem};

use super::errors;
use crate::resource_manager::Ran;

/// Of what a command prints, the end is kept.
const KEPT: usize = 4096;

/// Runs a command within a container that runs, and waits for its end.
pub async fn execute(client: &Docker, name: &str, words: Vec<String>) -> Result<Ran, Problem> {
    let program = words.first().cloned().unwrap_or_default();
    let failed = |error: Error| errors::problem(&format!("run {program} in the container {name}"), &error);
    let options = CreateExecOptions {
        cmd: Some(words),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let made = client.create_exec(name, options).await.map_err(failed)?;
    let started = client.start_exec(&made.id, None::<StartExecOptions>).await.map_err(failed)?;
    let mut printed: Vec<u8> = vec![];
    if let StartExecResults::Attached { mut output, .. } = started {
        while let Some(piece) = output.next().await {
            printed.extend_from_slice(&piece.map_err(failed)?.into_bytes());
            if printed.len() > 2 * KEPT {
                printed.drain(..printed.len() - KEPT);
            }
        }
    }
    let ended = client.inspect_exec(&made.id).await.map_err(failed)?;
    let code = ended.exit_code.and_then(|code| i32::try_from(code).ok());
    let text = String::from_utf8_lossy(&printed);
    let last_line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
    Ok(Ran { exit: Exit { code, ..Exit::default() }, last_line })
}
