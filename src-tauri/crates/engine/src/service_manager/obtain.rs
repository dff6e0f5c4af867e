//! Before a launch: that the ports are there to be had.

use std::sync::PoisonError;
use std::time::Duration;

use kinfra_keeper::protocol::Identity;
use kinfra_rpc::{PortOrigin, Problem};
use tokio::time::{Instant, sleep};

use super::holders::Held;
use super::obstacles::port_taken;
use super::service::Service;
use crate::config::ServiceSpec;
use crate::port_registry::{Availability, NodePort, availability, is_free};
use crate::process::end_leftovers;

/// A process that was killed gives its port back within this.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl Service {
    /// Sees that every port is free. A server on an adopted one is what stands for the service: then it is given back.
    ///
    /// # Errors
    /// [`kinfra_rpc::ErrorCode::PortTaken`], with who has it.
    pub(super) async fn obtain(
        &self,
        spec: &ServiceSpec,
        ports: &[NodePort],
    ) -> Result<Option<Held>, Problem> {
        self.note_obstacle(None);
        for (index, port) in ports.iter().enumerate() {
            let available = availability(port.port, port.protocol);
            if available == Availability::Free {
                continue;
            }
            self.note_obstacle(Some(&port.name));
            let holder = self.settled_holder(port).await;
            match holder {
                Some(held) if self.is_leftover(&held) => self.end_leftover(spec, port, held).await?,
                Some(held) if index == 0 && port.origin == PortOrigin::Adopted => return Ok(Some(held)),
                // The service may be allowed to what the engine is not.
                None if available == Availability::Forbidden => {}
                // Whoever it was may have left meanwhile.
                None if is_free(port.port, port.protocol) => {}
                held => return Err(port_taken(&spec.name, port, held.as_ref().map(|held| &held.shown))),
            }
        }
        self.note_obstacle(None);
        Ok(None)
    }

    /// Who is on a port. A socket of this user's that no process has is mostly that of one which is just ending.
    async fn settled_holder(&self, port: &NodePort) -> Option<Held> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let held = self.context.holders.on(port.port, port.protocol).await?;
            if !held.is_of_nobody || Instant::now() >= deadline {
                return Some(held);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    pub(super) fn note_obstacle(&self, port: Option<&str>) {
        let mut obstacle = self.obstacle.lock().unwrap_or_else(PoisonError::into_inner);
        *obstacle = port.map(str::to_owned);
    }

    /// A process of an earlier run of this very service that was lost: nobody supervises it.
    fn is_leftover(&self, held: &Held) -> bool {
        held.run.as_ref().is_some_and(|held| {
            let is_this = held.run.instance == self.project && held.run.node == self.name;
            is_this && !self.lock().values().any(|running| running.id == held.run.id)
        })
    }

    async fn end_leftover(&self, spec: &ServiceSpec, port: &NodePort, held: Held) -> Result<(), Problem> {
        let Some(run) = held.run else { return Ok(()) };
        tracing::warn!(
            run = run.run.id,
            port = port.port,
            "a process of an earlier run is ended: it holds the port"
        );
        let leader = Identity { pid: 0, start_time: run.start_time.unwrap_or_default() };
        // An error means that it panicked, which is logged where it happens.
        let _ = tokio::task::spawn_blocking(move || end_leftovers(&run.run.id, leader)).await;
        let deadline = Instant::now() + PATIENCE;
        while !is_free(port.port, port.protocol) {
            if Instant::now() >= deadline {
                return Err(port_taken(&spec.name, port, Some(&held.shown)));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}
