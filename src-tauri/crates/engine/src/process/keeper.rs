use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kinfra_keeper::protocol::{ExitStatus, Identity, Reply, Request, Run, Scope, Spawn};
use tokio::sync::{mpsc, oneshot};

use super::actor::{Actor, Order};
use super::launch::{KeeperOptions, establish};
use super::{ProcessError, SpawnError};

/// What happens without being asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeeperEvent {
    /// The run's leader ended, and what it printed is in its log. Neither code nor signal: nobody could wait for it.
    Exited { run: String, status: ExitStatus },
    /// There is more in the run's log files.
    Output { run: String },
    /// What the run prints is dropped, for this reason; or no longer.
    Dropping { run: String, reason: Option<String> },
    /// No other keeper can be had, for this reason; it is tried again and again.
    Unavailable { reason: String },
    /// The keeper is gone; its processes are not.
    Lost,
    /// Another keeper, or another connection to the same one, has taken over every run.
    Back,
}

/// The client of the one process that holds the children. Cheap to clone; the connection closes with the last
/// clone, and everything that was spawned goes on.
#[derive(Debug, Clone)]
pub struct Keeper {
    orders: mpsc::UnboundedSender<Order>,
    pid: Arc<AtomicU32>,
}

impl Keeper {
    /// Connects to the keeper, or starts it. Runs of an earlier engine are in [`Keeper::list`]; those that end
    /// from now on are told as events.
    ///
    /// # Errors
    /// [`ProcessError::Start`] or, after 5 seconds, [`ProcessError::Unreachable`].
    pub async fn connect(
        options: KeeperOptions,
    ) -> Result<(Self, mpsc::UnboundedReceiver<KeeperEvent>), ProcessError> {
        let link = establish(&options).await?;
        let (orders, received_orders) = mpsc::unbounded_channel();
        let (events, received_events) = mpsc::unbounded_channel();
        let pid = Arc::new(AtomicU32::new(0));
        let mut actor = Actor::new(options, link, received_orders, events, Arc::clone(&pid));
        actor.resume().await.map_err(|_| ProcessError::Lost)?;
        tokio::spawn(actor.run());
        Ok((Self { orders, pid }, received_events))
    }

    /// The keeper's own process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// Starts a process. Never tried twice.
    ///
    /// # Errors
    /// [`SpawnError::Refused`] with the system's error number, or [`SpawnError::Lost`]; nothing runs then.
    pub async fn spawn(&self, spawn: impl Into<Arc<Spawn>>) -> Result<Identity, SpawnError> {
        match self.ask(Request::Spawn(spawn.into())).await {
            Ok(Reply::Spawned { identity, .. }) => Ok(identity),
            Ok(Reply::SpawnFailed { errno, doing }) => Err(SpawnError::Refused { errno, doing }),
            Ok(_) | Err(_) => Err(SpawnError::Lost),
        }
    }

    /// Signals the run; `false` when nothing of it is alive.
    ///
    /// # Errors
    /// [`ProcessError`], also when a process is another user's.
    pub async fn signal(&self, run: &str, signal: i32, scope: Scope) -> Result<bool, ProcessError> {
        let doing = || format!("send signal {signal} to run {run}");
        match self.ask(Request::Signal { run: run.to_owned(), signal, scope }).await? {
            Reply::Done => Ok(true),
            Reply::NotThere => Ok(false),
            other => Err(refused(doing(), &other)),
        }
    }

    /// Every run that is alive, or ended and not yet forgotten.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn list(&self) -> Result<Vec<Run>, ProcessError> {
        match self.ask(Request::List).await? {
            Reply::Runs { runs } => Ok(runs),
            other => Err(refused("list its runs".to_owned(), &other)),
        }
    }

    /// What of the run is still alive: its leader, its group, its descendants, and whatever carries its mark.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn remaining(&self, run: &str) -> Result<Vec<Identity>, ProcessError> {
        match self.ask(Request::Remaining { run: run.to_owned() }).await? {
            Reply::Remaining { processes } => Ok(processes),
            other => Err(refused(format!("look for what remains of run {run}"), &other)),
        }
    }

    /// The run's end is stored: the keeper needs not remember it.
    ///
    /// # Errors
    /// [`ProcessError`], also when the run is alive.
    pub async fn forget(&self, run: &str) -> Result<(), ProcessError> {
        match self.ask(Request::Forget { run: run.to_owned() }).await? {
            Reply::Done => Ok(()),
            other => Err(refused(format!("forget run {run}"), &other)),
        }
    }

    /// Ends the keeper; `false` when it has a child and goes on. After that every call is [`ProcessError::Lost`].
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn quit(&self) -> Result<bool, ProcessError> {
        match self.ask(Request::Quit).await? {
            Reply::Done => Ok(true),
            Reply::Busy { .. } => Ok(false),
            other => Err(refused("end".to_owned(), &other)),
        }
    }

    async fn ask(&self, request: Request) -> Result<Reply, ProcessError> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(Order { request, answer, repeated: false }).map_err(|_| ProcessError::Lost)?;
        answered.await.map_err(|_| ProcessError::Lost)?
    }
}

fn refused(doing: String, reply: &Reply) -> ProcessError {
    let reason = match reply {
        Reply::Refused { reason } => reason.clone(),
        other => format!("it answered {other:?}"),
    };
    ProcessError::Refused { doing, reason }
}
