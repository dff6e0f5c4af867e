//! Whether who listens on a service's port is the service.

use kinfra_keeper::protocol::Identity;
use kinfra_rpc::{Problem, Protocol};

use super::obstacles::listened_by_another;
use super::running::Running;
use super::service::Service;
use crate::process::{holds, listener_on};
use crate::supervisor::Refusal;

/// A listener that was looked at, so that it is looked at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    inode: u64,
    /// None: it is the service's own.
    stranger: Option<Problem>,
}

impl Service {
    /// A listener counts only when a process of the run has it: what a stranger answers says nothing of the service.
    pub(super) async fn see_that_it_is_own(
        &self,
        run: u64,
        running: &Running,
        port: u16,
    ) -> Result<(), Refusal> {
        let Some(inode) = listener_on(port) else {
            return Err(format!("nothing listens on port {port}").into());
        };
        let seen = match running.seen.iter().find(|seen| seen.inode == inode) {
            Some(seen) => seen.clone(),
            None => self.look_at(run, running, port, inode).await?,
        };
        match seen.stranger {
            None => Ok(()),
            Some(problem) => Err(problem.into()),
        }
    }

    async fn look_at(&self, run: u64, running: &Running, port: u16, inode: u64) -> Result<Seen, Refusal> {
        // Mostly it is the very process that was started.
        let is_own = holds(&running.pid.into_iter().collect::<Vec<_>>(), inode)
            || holds(&self.pids(running).await?, inode);
        let stranger = if is_own {
            None
        } else {
            let holder = self.context.holders.on(port, Protocol::Tcp).await;
            // It may have gone, or handed the socket on, while it was looked for.
            if listener_on(port) != Some(inode) {
                return Err(format!("nothing listens on port {port}").into());
            }
            let problem = listened_by_another(&self.name, port, holder.as_ref().map(|held| &held.shown));
            tracing::warn!(run, port, %problem, "another program listens on the service's port");
            Some(problem)
        };
        let seen = Seen { inode, stranger };
        self.change(run, |running| running.seen.push(seen.clone()));
        Ok(seen)
    }

    async fn pids(&self, running: &Running) -> Result<Vec<u32>, Refusal> {
        let processes = self.context.keeper.remaining(&running.id).await;
        let processes =
            processes.map_err(|error| format!("cannot see which processes are its own: {error}"))?;
        Ok(processes.into_iter().map(|Identity { pid, .. }| pid).collect())
    }
}
