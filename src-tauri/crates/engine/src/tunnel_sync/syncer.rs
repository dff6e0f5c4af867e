//! Theory of operation: one task per account owns the runs. It is told what is wanted and tells what came of it; both are
//! the newest value only, so whoever changes his mind ten times while a run is on its way gets one more run. Runs never
//! overlap and are never cut off by a new wish. It sleeps while nothing is wanted, after an outcome that only a person can
//! change, and until the end of a block of Cloudflare's; what may pass by itself is tried again after 1 s, doubled up to five
//! minutes. What somebody changes at Cloudflare tells nobody: with `again` it is looked for that often, while something is
//! public. Dropping the handle ends it, in the midst of a run too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::desired::Desired;
use super::outcome::{Outcome, SyncError};
use super::sync::{Connector, TunnelSync};
use crate::clock::{Clock, Moment, millis};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// What is known of an account.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub is_running: bool,
    /// What the run is for, or the last one was.
    pub desired: Option<Desired>,
    /// Of the last run that came to one.
    pub outcome: Option<Outcome>,
    /// Why the last run came to none.
    pub error: Option<Arc<SyncError>>,
    /// When it is tried again.
    pub next: Option<Moment>,
    /// How many runs have ended.
    pub runs: u64,
}

pub struct Syncer {
    desired: watch::Sender<Option<Desired>>,
    standing: watch::Receiver<Standing>,
    nudged: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

struct Task {
    sync: TunnelSync,
    connector: Arc<dyn Connector>,
    clock: Clock,
    desired: watch::Receiver<Option<Desired>>,
    standing: watch::Sender<Standing>,
    nudged: Arc<Notify>,
    again: Option<Duration>,
}

impl Syncer {
    /// Does nothing until it is told what is wanted. `again`: how often it looks whether that is still so.
    #[must_use]
    pub fn start(
        sync: TunnelSync,
        connector: Arc<dyn Connector>,
        clock: Clock,
        again: Option<Duration>,
    ) -> Self {
        let (desired, wanted) = watch::channel(None);
        let (told, standing) = watch::channel(Standing::default());
        let nudged = Arc::new(Notify::new());
        let task = Task {
            sync,
            connector,
            clock,
            desired: wanted,
            standing: told,
            nudged: Arc::clone(&nudged),
            again,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(task.run()));
        Self { desired, standing, nudged, _task: task }
    }

    /// Wants this, and nothing else; the same again changes nothing.
    pub fn want(&self, desired: Desired) {
        self.desired.send_if_modified(|known| {
            let is_new = known.as_ref() != Some(&desired);
            *known = Some(desired);
            is_new
        });
    }

    /// Looks again, soon: a connector is up, a person has done something, or some time has passed.
    pub fn nudge(&self) {
        self.nudged.notify_one();
    }

    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }
}

impl Task {
    /// Ends when the handle is dropped.
    async fn run(mut self) {
        let mut pause = FIRST;
        loop {
            let wanted = self.desired.borrow_and_update().clone();
            let Some(wanted) = wanted else {
                if self.desired.changed().await.is_err() {
                    return;
                }
                continue;
            };
            self.standing.send_modify(|standing| {
                (standing.is_running, standing.next) = (true, None);
                standing.desired = Some(wanted.clone());
            });
            let result = self.sync.sync(&wanted, &*self.connector).await;
            let is_unfinished = result.as_ref().map_or(true, Outcome::is_unfinished);
            let is_public = !wanted.hostnames.is_empty();
            let wait = if is_unfinished { Some(pause) } else { self.again.filter(|_| is_public) };
            pause = if is_unfinished { LONGEST.min(pause * 2) } else { FIRST };
            let blocked = self.sync.api().blocked_until();
            let next = blocked.or_else(|| wait.map(|wait| self.clock.now() + millis(wait)));
            self.standing.send_modify(|standing| {
                (standing.is_running, standing.next) = (false, next);
                standing.runs += 1;
                match result {
                    Ok(outcome) => (standing.outcome, standing.error) = (Some(outcome), None),
                    Err(error) => standing.error = Some(Arc::new(error)),
                }
            });
            if let Some(until) = blocked {
                // Whatever is wanted meanwhile, nothing would be sent.
                sleep_until(self.clock.instant(until)).await;
                continue;
            }
            tokio::select! {
                changed = self.desired.changed() => match changed {
                    Ok(()) => pause = FIRST,
                    Err(_) => return,
                },
                () = self.nudged.notified() => {}
                () = pass(wait) => {}
            }
        }
    }
}

async fn pass(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}
