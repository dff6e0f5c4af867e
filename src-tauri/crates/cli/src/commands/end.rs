use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{EndMode, ErrorCode, Failure, Problem, Quit};

use crate::exit_code::ExitCode;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::Follow;

/// The engine bounds its end by the longest grace plus 5 s, and no grace should come near this.
const LONGEST_END: Duration = Duration::from_secs(300);

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// `kinfra quit`.
pub async fn quit(surroundings: &Surroundings, leave_running: bool) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let mode = if leave_running { EndMode::LeaveRunning } else { EndMode::StopServices };
    quit_and_wait(surroundings, &client, Quit { mode }).await?;
    surroundings.output.result(&serde_json::json!({ "ended": true }), |_| {
        match mode {
            EndMode::LeaveRunning => "The engine ended; its services run on.\n",
            EndMode::StopServices => "The engine ended, and its services with it.\n",
        }
        .to_owned()
    })?;
    Ok(ExitCode::Done)
}

/// Asks the engine to end and waits until it has.
///
/// # Errors
/// When it refuses, or hasn't ended after five minutes.
pub async fn quit_and_wait(surroundings: &Surroundings, client: &Client, quit: Quit) -> Result<(), Failure> {
    let mut follow = Follow::begin(client).await?;
    match client.call(quit).await {
        Ok(_) => {}
        // It was faster than its answer.
        Err(failure) if failure.code() == ErrorCode::EngineUnreachable => return Ok(()),
        Err(failure) => return Err(failure),
    }
    let end = async {
        while follow.changed().await.is_ok() {}
        // Its last word comes before it gives the socket up, and the next command may want to be the engine.
        while Client::connect(&surroundings.home).await.is_ok() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(LONGEST_END, end).await.map_err(|_| {
        Problem::new(
            ErrorCode::Internal,
            format!("the engine did not end within {} s", LONGEST_END.as_secs()),
        )
        .hint("`kinfra ps` shows what still runs")
        .into()
    })
}
