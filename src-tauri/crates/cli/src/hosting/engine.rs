use std::time::Duration;

use kinfra_engine::{EngineOptions, Kinfra};
use kinfra_rpc::{EndMode, Failure, Host};

use super::programs::keeper_program;
use super::signals::{Signal, Signals};
use crate::surroundings::Surroundings;

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
