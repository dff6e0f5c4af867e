use std::ffi::OsString;
use std::process::Stdio;
use std::time::{Duration, Instant};

use kinfra_engine::control::Client;
use kinfra_rpc::{ErrorCode, Failure, Problem};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::programs::{host_program, keeper_program};
use crate::surroundings::Surroundings;
use crate::trouble::io_failure;

/// An engine answers after some tens of milliseconds; one that takes over much may need longer.
const LONGEST_START: Duration = Duration::from_secs(15);

/// When our engine ended early, another that was started in the same moment may be about to answer.
const OTHERS_START: Duration = Duration::from_secs(2);

const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Starts `kinfra host` in a session of its own and waits until it answers.
///
/// # Errors
/// When it ends or doesn't answer.
pub async fn start_in_background(surroundings: &Surroundings) -> Result<Client, Failure> {
    // What can be seen from here is better said from here.
    keeper_program()?;
    let program = host_program()?;
    let mut child = Command::new(&program)
        // As it would be called by hand.
        .arg0(program.with_file_name("kinfra"))
        .args(host_arguments(surroundings))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| io_failure(&format!("start {} in the background", program.display()), &error))?;
    if let Some(mut stdout) = child.stdout.take() {
        // It closes this when it answers; its end closes it too. Which of both it was is seen by asking.
        let _ = timeout(LONGEST_START, stdout.read_to_end(&mut Vec::new())).await;
    }
    wait_for_answer(surroundings, &mut child).await
}

fn host_arguments(surroundings: &Surroundings) -> Vec<OsString> {
    let mut list: Vec<OsString> = vec!["host".into(), "--detached".into()];
    if let Some(home) = &surroundings.home_argument {
        list.extend(["--home".into(), home.into()]);
    }
    list
}

async fn wait_for_answer(surroundings: &Surroundings, child: &mut Child) -> Result<Client, Failure> {
    let mut deadline = Instant::now() + LONGEST_START;
    let mut ended = None;
    loop {
        match Client::connect(&surroundings.home).await {
            Ok(client) => return Ok(client),
            Err(failure) if failure.code() != ErrorCode::EngineUnreachable => return Err(failure),
            Err(_) => {}
        }
        if ended.is_none()
            && let Ok(Some(status)) = child.try_wait()
        {
            ended = Some(status);
            deadline = Instant::now() + OTHERS_START;
        }
        if Instant::now() >= deadline {
            let message = match ended {
                Some(status) => format!("the background engine ended at once: {status}"),
                None => format!("the background engine gave no answer in {} s", LONGEST_START.as_secs()),
            };
            return Err(Problem::new(ErrorCode::Internal, message)
                .hint("`kinfra host` starts one here and says what is wrong")
                .into());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
