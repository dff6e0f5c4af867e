//! Ending the process that holds a port: on the user's word alone, and only the very process that the user saw.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use kinfra_rpc::{Done, ErrorCode, Failure, FreePort, PortHolder, Problem};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::catalog::Catalog;
use crate::process::{Identity, signal_exactly, watch};

/// To end by itself, before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// What was killed is gone within this.
const MOMENT: Duration = Duration::from_secs(2);

impl Catalog {
    /// # Errors
    /// When another process is there by now, it can't be ended, or there is a better way to end it.
    pub(super) async fn free_port(&self, request: &FreePort) -> Result<Done, Failure> {
        let FreePort { port, protocol, pid, start_time } = request;
        let held = self.holders.on(*port, *protocol).await;
        let Some(held) = held else { return Ok(Done {}) };
        let process = held.process;
        let seen =
            process.filter(|process| process.pid == *pid && process.start_time.to_string() == *start_time);
        let Some(process) = seen else {
            let message = format!("port {port} is held by {} by now: that one was not meant", held.shown);
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("look again, then say so")
                .into());
        };
        if let Some(other_way) = other_way(&held.shown, process) {
            let message = format!("{} is not ended like this", held.shown);
            return Err(Problem::new(ErrorCode::InvalidRequest, message).hint(other_way).into());
        }
        let ending = tokio::task::spawn_blocking(move || end(process, GRACE)).await;
        ending.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|error| {
            let message = format!("cannot end {}: {error}", held.shown);
            Failure::from(Problem::new(ErrorCode::Io, message).hint("end it where it was started"))
        })?;
        tracing::info!(port, pid, "ended, as the user asked");
        Ok(Done {})
    }
}

/// How to end what KInfra or Docker runs.
fn other_way(holder: &PortHolder, process: Identity) -> Option<String> {
    if let (Some(project), Some(node)) = (&holder.project, &holder.node) {
        return Some(format!("stop it: kinfra down {node} --project {project}"));
    }
    if let Some(container) = &holder.container {
        return Some(format!("stop the container: docker stop {container}"));
    }
    (process.pid == std::process::id()).then(|| "this is KInfra itself: kinfra quit".to_owned())
}

/// Asks it to end, and kills it when it doesn't. Blocks for as long as that takes.
pub(super) fn end(process: Identity, grace: Duration) -> io::Result<()> {
    let Some(descriptor) = watch(process)? else { return Ok(()) };
    for (signal, patience) in [(Signal::TERM, grace), (Signal::KILL, MOMENT)] {
        signal_exactly(process, signal)?;
        if ends_within(&descriptor, Some(patience))? {
            return Ok(());
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "it lives on, although it was killed"))
}

/// Blocks until it ends, whoever ends it.
pub(super) fn wait_for_end(process: Identity) -> io::Result<()> {
    let Some(descriptor) = watch(process)? else { return Ok(()) };
    ends_within(&descriptor, None).map(drop)
}

/// The descriptor of a process becomes readable when that ends.
fn ends_within(process: &OwnedFd, patience: Option<Duration>) -> io::Result<bool> {
    let mut events = [PollFd::new(process, PollFlags::IN)];
    let patience = patience.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
    loop {
        match poll(&mut events, patience.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
