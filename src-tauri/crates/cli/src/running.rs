//! A command's surroundings, its runtime, and what its end is to whoever ran it.

use std::process;

use kinfra_rpc::Failure;

use crate::arguments::Common;
use crate::exit_code::ExitCode;
use crate::output::Output;
use crate::surroundings::{self, Surroundings};
use crate::trouble::{Trouble, io_failure};

/// Runs a command to its end. `has_threads`: the engine may come to be in this process, or another server.
pub fn run(
    common: &Common,
    has_threads: bool,
    command: impl AsyncFnOnce(&Surroundings) -> Result<ExitCode, Trouble>,
) -> process::ExitCode {
    let environment = surroundings::environment();
    let output = Output::new(common.json, &environment);
    let gathered =
        Surroundings::gather(environment, common.home.as_deref(), common.project.clone(), output.clone());
    let code = match gathered {
        Ok(surroundings) => {
            let result = block_on(has_threads, command(&surroundings));
            finish(result, |failure| output.failure(failure, &surroundings.home.engine_log()))
        }
        Err(failure) => finish(Err(failure.into()), |failure| output.failure(failure, "".as_ref())),
    };
    process::ExitCode::from(code.number())
}

fn block_on(
    has_threads: bool,
    command: impl Future<Output = Result<ExitCode, Trouble>>,
) -> Result<ExitCode, Trouble> {
    let mut builder = if has_threads {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        // A client waits for one thing after the other: other threads would only be woken to hand that on.
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime =
        builder.enable_all().build().map_err(|error| io_failure("start the runtime's threads", &error))?;
    let result = runtime.block_on(command);
    // What still waits, for a client's socket say, is no reason to stay.
    runtime.shutdown_background();
    result
}

/// The exit code of a command's result; a failure is told first.
pub fn finish(result: Result<ExitCode, Trouble>, tell: impl FnOnce(&Failure)) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(Trouble::OutputClosed) => ExitCode::Done,
        Err(Trouble::Failure(failure)) => {
            tell(&failure);
            failure.code().into()
        }
    }
}
