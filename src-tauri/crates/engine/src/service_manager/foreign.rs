//! A server that runs on a service's port already, and that the user told KInfra to leave alone: it is routed to and
//! its health is watched, but it is never signalled, and nothing is written down of it as of a run.

use std::time::Instant;

use kinfra_rpc::{Exit, Problem};

use super::holders::Held;
use super::running::Running;
use super::service::{Service, new_run_id};
use crate::port_registry::NodePort;
use crate::supervisor::Launched;

impl Service {
    pub(super) fn leave_to(&self, number: u64, port: &NodePort, held: &Held) -> Result<Launched, Problem> {
        let id = new_run_id()?;
        self.context.runs.begin(id.clone(), self.ticket, number);
        let running = Running { foreign: true, ..Running::new(id, Instant::now(), vec![port.clone()]) };
        self.lock().insert(number, running);
        let holder = &held.shown;
        tracing::info!(port = port.port, %holder, "left to a server that runs there");
        // Another user's process has no pid that could be seen.
        Ok(Launched { pid: held.process.map_or(0, |process| process.pid) })
    }

    /// There is nothing to wait for: it goes on, or it is gone.
    pub(super) fn let_go(&self, id: &str) {
        let exit = Exit { at: self.context.clock.wall_now(), ..Exit::default() };
        self.context.runs.exited(id, exit);
    }

    /// After a probe of it has failed: whether anybody is on the port still.
    pub(super) async fn is_gone(&self, running: &Running) -> bool {
        let Some(port) = running.port() else { return true };
        let look = tokio::task::spawn_blocking(move || {
            crate::process::Sockets::read().is_held(port, kinfra_rpc::Protocol::Tcp)
        });
        look.await.is_ok_and(|held| !held)
    }

    /// Whether what stands for it now was not started by KInfra.
    pub(super) fn is_foreign(&self) -> bool {
        self.lock().values().any(|running| running.foreign)
    }
}
