//! What the keeper tells by itself.

use std::sync::Weak;

use kinfra_rpc::Exit;
use tokio::sync::mpsc::UnboundedReceiver;

use super::engine::Engine;
use crate::process::KeeperEvent;

/// Hands each report to whom it concerns, as long as the engine lives.
pub async fn follow(engine: Weak<Engine>, mut events: UnboundedReceiver<KeeperEvent>) {
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
            KeeperEvent::Lost => {
                tracing::warn!("the keeper was lost; services go on, another one is started");
            }
            KeeperEvent::Back => tracing::info!("a new keeper has taken the services over"),
        }
    }
}
