use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfra_engine::{EngineOptions, Kinfra};
use kinfra_rpc::{EndMode, ErrorCode, Failure, Host, Problem};

use super::signals::{Signal, Signals};
use crate::surroundings::Surroundings;
use crate::trouble::io_failure;

/// After the second signal: time to kill what is left, not to wait for it.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// Opens an engine in this process.
///
/// # Errors
/// When the keeper's program is missing, or as [`EngineOptions::from_environment`] and [`Kinfra::open`].
pub async fn open(surroundings: &Surroundings) -> Result<Kinfra, Failure> {
    kinfra_engine::logging::init(&surroundings.home)?;
    let options = EngineOptions::from_environment(
        surroundings.environment.clone(),
        surroundings.home.clone(),
        Host::Headless,
        keeper_program()?,
    )?;
    Kinfra::open(options).await
}

/// The path of the running `kinfra`.
///
/// # Errors
/// When the system doesn't tell.
pub fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| io_failure("tell where the kinfra program is", &error))
}

/// The keeper's program.
///
/// # Errors
/// When it isn't there.
pub fn keeper_program() -> Result<PathBuf, Failure> {
    keeper_beside(&own_program()?)
}

/// They are installed side by side.
fn keeper_beside(program: &Path) -> Result<PathBuf, Failure> {
    let keeper = program.with_file_name("kinfra-keeper");
    if keeper.is_file() {
        return Ok(keeper);
    }
    let message = format!("cannot start services: there is no program {}", keeper.display());
    Err(Problem::new(ErrorCode::CommandNotFound, message)
        .hint("it belongs beside `kinfra`; in a clone of the repository: `cargo build -p kinfra-keeper`")
        .into())
}

/// Stops everything and ends; another signal meanwhile kills what is left at once.
pub async fn end(kinfra: &Kinfra, signals: &mut Signals) {
    let mut ending = std::pin::pin!(kinfra.quit(EndMode::StopServices));
    let signal = tokio::select! {
        () = &mut ending => return,
        signal = signals.next() => signal,
    };
    tracing::warn!(%signal, "a second signal: killing what is left");
    let at_once = async {
        // Asked again while it ends, the engine kills.
        kinfra.quit(EndMode::StopServices).await;
        ending.await;
    };
    if tokio::time::timeout(LAST_MOMENT, at_once).await.is_err() {
        tracing::error!("leaving without having seen the end of all services");
    }
}

/// What ended the waiting for the engine's end.
pub enum Ending {
    Engine,
    Signal(Signal),
}

/// Waits until the engine has ended by itself, or a signal says so.
pub async fn ending(kinfra: &Kinfra, signals: &mut Signals) -> Ending {
    tokio::select! {
        () = kinfra.ended() => Ending::Engine,
        signal = signals.next() => Ending::Signal(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_keeper_is_named_with_the_command_that_builds_it() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("kinfra");
        let failure = keeper_beside(&program).unwrap_err();
        assert_eq!(failure.code(), ErrorCode::CommandNotFound);
        let text = failure.to_string();
        assert!(text.contains(&folder.path().join("kinfra-keeper").display().to_string()), "{text}");
        assert!(text.contains("cargo build -p kinfra-keeper"), "{text}");

        std::fs::write(folder.path().join("kinfra-keeper"), "").unwrap();
        assert_eq!(keeper_beside(&program).unwrap(), folder.path().join("kinfra-keeper"));
    }
}
