//! Theory of operation: one task follows the engine's state for as long as the app lives. It works out, off the main
//! thread, what changes in the tray, and hands only the drawing to the main thread, in order. When an engine in this
//! process ends, the app does; when one elsewhere does, this app becomes the engine.

use std::sync::Arc;

use kinfra_engine::control::Updates;
use kinfra_rpc::{Failure, Snapshot, Update};
use tauri::AppHandle;

use crate::host::{Found, LET_GO, find};
use crate::shell::{Shell, lock};
use crate::{exit, notify, platform, window};

/// Why the updates of one watch are over.
enum Over {
    /// The engine has ended, or its connection.
    Ended,
    /// Something was lost: a new watch begins with the whole state.
    Gap,
}

/// Follows until the app ends.
pub async fn follow(app: AppHandle) {
    let shell = Shell::of(&app);
    loop {
        let link = shell.link();
        let over = match link.client.watch().await {
            Ok(updates) => follow_one(&app, &shell, updates).await,
            Err(_) => Over::Ended,
        };
        match (over, link.own) {
            (Over::Gap, _) => {}
            (Over::Ended, Some(own)) => {
                // Its last word comes a moment before it has let go of its lock and socket.
                own.ended().await;
                return exit::leave(&app, 0);
            }
            (Over::Ended, None) => match take_over(&shell).await {
                Ok(Found::Engine(link)) => drop(shell.link.send_replace(link)),
                // Another app was faster, and has a tray of its own.
                Ok(Found::App(_)) => return exit::leave(&app, 0),
                Err(failure) => {
                    let untold = notify::cannot_start(&shell.surroundings.home, &failure).await;
                    if let Some(text) = untold {
                        platform::alert_in(&app, text.title, text.body).await;
                    }
                    return exit::leave(&app, 1);
                }
            },
        }
    }
}

async fn follow_one(app: &AppHandle, shell: &Arc<Shell>, mut updates: Updates) -> Over {
    let mut state = Snapshot::default();
    while let Some(update) = updates.recv().await {
        let mut next = Some(update);
        // What arrived together is drawn once.
        while let Some(update) = next.take().or_else(|| updates.try_recv().ok()) {
            match update {
                Update::Snapshot(snapshot) => state = snapshot,
                Update::Delta(delta) => {
                    if !state.apply(&delta) {
                        tracing::debug!(revision = state.revision, ?delta, "a gap in the updates");
                        return Over::Gap;
                    }
                }
                Update::Notice(notice) => notify::notice(app, &notice, &state),
                Update::ShowWindow => window::show(app, None),
                Update::Ended => return Over::Ended,
            }
        }
        show(app, shell, &state);
    }
    Over::Ended
}

fn show(app: &AppHandle, shell: &Shell, state: &Snapshot) {
    lock(&shell.state).clone_from(state);
    shell
        .restore
        .send_if_modified(|restore| std::mem::replace(restore, state.engine.restore) != state.engine.restore);
    let change = lock(&shell.presenter).follow(state, shell.link.borrow().place());
    if change.is_empty() {
        return;
    }
    if let Err(error) = super::show(app, change) {
        tracing::warn!(%error, "the tray could not be drawn: the app is about to end");
    }
}

/// Becomes the engine, after the one elsewhere has ended; or finds the next one.
async fn take_over(shell: &Shell) -> Result<Found, Failure> {
    tracing::info!("the engine elsewhere has ended: taking over");
    tokio::time::sleep(LET_GO).await;
    find(&shell.surroundings).await
}
