use std::fs::OpenOptions;
use std::io;

use super::engine::{Ending, end, ending, open};
use super::signals::Signals;
use crate::arguments::Host;
use crate::exit_code::ExitCode;
use crate::surroundings::Surroundings;
use crate::trouble::{Trouble, io_failure};

/// `kinfra host`: an engine for others, until it is told to end.
pub async fn host(surroundings: &Surroundings, arguments: &Host) -> Result<ExitCode, Trouble> {
    if arguments.detached {
        // The terminal's end and its Ctrl-C are no business of ours from here on.
        rustix::process::setsid()
            .map_err(|error| io_failure("leave the terminal's session", &error.into()))?;
    }
    let mut signals = Signals::catch()?;
    let kinfra = open(surroundings).await.inspect_err(|failure| {
        tracing::error!(%failure, "the engine could not be opened");
    })?;
    if arguments.detached {
        close_stdout().map_err(|error| io_failure("put /dev/null in the place of stdout", &error))?;
    }
    match ending(&kinfra, &mut signals).await {
        Ending::Engine => Ok(ExitCode::Done),
        Ending::Signal(signal) => {
            end(&kinfra, &mut signals).await;
            Ok(signal.exit_code())
        }
    }
}

/// Whoever started this engine in the background reads its stdout to the end, which is now: it answers.
fn close_stdout() -> io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nowhere)?)
}
