//! What keeper and store tell by themselves.

use std::sync::Weak;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Exit, Problem};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::engine::Engine;
use crate::events::Standing;
use crate::process::KeeperEvent;

/// How often it is tried whether the store can be written again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Hands each report to whom it concerns, as long as the engine lives.
pub async fn follow(engine: Weak<Engine>, mut events: UnboundedReceiver<KeeperEvent>) {
    let Some(keeperless) = engine.upgrade().map(|engine| Standing::new(&engine.hub)) else { return };
    while let Some(event) = events.recv().await {
        let Some(engine) = engine.upgrade() else { return };
        match event {
            KeeperEvent::Exited { run, status } => {
                let exit = Exit { code: status.code, signal: status.signal, at: status.at };
                if !engine.services.runs.exited(&run, exit) {
                    tracing::debug!(run, ?exit, "a run of nobody ended");
                    // It stays in the keeper's list at worst, until that ends.
                    let _ = engine.services.keeper.forget(&run).await;
                }
            }
            KeeperEvent::Output { .. } => engine.output.send_modify(|count| *count += 1),
            KeeperEvent::Dropping { run, reason } => engine.services.runs.dropping(&run, reason),
            KeeperEvent::Lost => {
                tracing::warn!("the keeper was lost; services go on, another one is started");
            }
            KeeperEvent::Unavailable { reason } => keeperless.set(Some(without_keeper(&reason))),
            KeeperEvent::Back => {
                tracing::info!("a new keeper has taken the services over");
                keeperless.set(None);
            }
        }
    }
}

/// Shows that nothing can be written down, until it can.
pub async fn follow_store(engine: Weak<Engine>) {
    let Some((mut trouble, standing)) =
        engine.upgrade().map(|engine| (engine.store.trouble(), Standing::new(&engine.hub)))
    else {
        return;
    };
    loop {
        let reason = trouble.borrow_and_update().clone();
        let is_standing = reason.is_some();
        standing.set(reason.map(|reason| unwritable(&reason)));
        let changed = match is_standing {
            true => timeout(TRY_AGAIN, trouble.changed()).await,
            false => Ok(trouble.changed().await),
        };
        match changed {
            Ok(Ok(())) => {}
            // The store has ended.
            Ok(Err(_)) => return,
            Err(_) => {
                let Some(engine) = engine.upgrade() else { return };
                // What it says is told as trouble.
                let _ = engine.store.try_writing().await;
            }
        }
    }
}

fn without_keeper(reason: &str) -> Problem {
    let message =
        format!("services run on without a keeper, so nobody sees what they print or how they end: {reason}");
    Problem::new(ErrorCode::KeeperLost, message)
        .hint("it is tried again by itself; kinfra-keeper must lie beside the program, and be allowed to run")
}

fn unwritable(reason: &str) -> Problem {
    let message =
        format!("what happens can't be written down, and may be unknown after the next start: {reason}");
    Problem::new(ErrorCode::StoreFailed, message)
        .hint("make room in KInfra's state folder; what was to be written is written then")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_the_machine_say_what_to_do() {
        let all = [without_keeper("no such file"), unwritable("the disk is full")];
        insta::assert_snapshot!(all.map(|problem| problem.to_string()).join("\n"), @r"
        services run on without a keeper, so nobody sees what they print or how they end: no such file
          hint: it is tried again by itself; kinfra-keeper must lie beside the program, and be allowed to run
        what happens can't be written down, and may be unknown after the next start: the disk is full
          hint: make room in KInfra's state folder; what was to be written is written then
        ");
    }
}
