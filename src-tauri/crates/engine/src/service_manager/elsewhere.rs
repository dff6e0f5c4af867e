//! A service that listens elsewhere than on the port that it was given, because it doesn't heed `PORT`.

use std::time::{Duration, Instant};

use super::running::Running;
use super::service::Service;
use crate::health::{Probe, check};
use crate::process::{ListeningPort, listening_ports};
use crate::supervisor::Refusal;

/// Looking costs some milliseconds, and it is early to look before a program has had the time to listen at all.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Service {
    /// After a probe of its own port has failed: the word of a probe that succeeds on another port where the run
    /// listens. From then on that one counts.
    pub(super) async fn look_elsewhere(
        &self,
        run: u64,
        running: &Running,
        on: impl Fn(u16) -> Result<Probe, Refusal>,
        limit: Duration,
    ) -> Option<String> {
        let now = Instant::now();
        let last = running.looked_at.unwrap_or(running.since);
        if running.foreign || now.duration_since(last) < LOOK_AGAIN {
            return None;
        }
        self.change(run, |running| running.looked_at = Some(now));
        let processes = self.context.keeper.remaining(&running.id).await.ok()?;
        let pids: Vec<u32> = processes.into_iter().map(|process| process.pid).collect();
        let found = tokio::task::spawn_blocking(move || listening_ports(&pids)).await.ok()?;
        let facts = self.instance.facts();
        // Its other ports are what they should be.
        let own = facts.ports.get(&self.name)?;
        let elsewhere =
            |found: &ListeningPort| found.on_loopback && !own.iter().any(|own| own.port == found.port);
        for ListeningPort { port, .. } in found.into_iter().filter(elsewhere) {
            let Ok(probe) = on(port) else { continue };
            if let Ok(word) = check(&probe, limit).await {
                tracing::info!(run, port, "listens elsewhere than on its port");
                self.change(run, |running| running.elsewhere = Some(port));
                return Some(word);
            }
        }
        None
    }

    /// Where it really listens, when that is not its port.
    pub(super) fn listens_on(&self) -> Option<u16> {
        let runs = self.lock();
        let (_, newest) = runs.iter().max_by_key(|(number, _)| **number)?;
        newest.elsewhere
    }
}
