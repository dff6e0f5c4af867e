use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use kinfra_rpc::{Exit, Problem};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::TYPE;
use super::daemons::{Activity, Daemons, Refusal, Scope, Unit};
use super::mark::Mark;
use super::refusal::{Doing, problem, unusable};
use crate::resource_manager::{
    Adapter, Capabilities, End, Observed, Probed, Progress, Settled, Started, Step, Stop,
};

/// Before systemd is looked for again, after it was away; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(super) struct SystemDaemon {
    unit: String,
    scope: Scope,
    has_ports: bool,
    daemons: Arc<dyn Daemons>,
    mark: Mark,
    follower: Mutex<Option<Follower>>,
    end: Mutex<Arc<End>>,
}

/// What was seen last, kept up by a task that ends with it.
struct Follower {
    seen: watch::Receiver<Option<Result<Unit, Refusal>>>,
    task: AbortHandle,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SystemDaemon {
    pub fn new(unit: String, scope: Scope, has_ports: bool, daemons: Arc<dyn Daemons>, mark: Mark) -> Self {
        Self { unit, scope, has_ports, daemons, mark, follower: Mutex::default(), end: Mutex::default() }
    }

    fn problem(&self, doing: Doing, refusal: &Refusal) -> Problem {
        problem(doing, &self.unit, self.scope, refusal)
    }

    fn follow(&self) -> watch::Receiver<Option<Result<Unit, Refusal>>> {
        let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        follower.get_or_insert_with(|| follow(Arc::clone(&self.daemons))).seen.clone()
    }

    /// What was seen before counts for nothing any more.
    fn begin_anew(&self) {
        *self.follower.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn end(&self) -> Arc<End> {
        Arc::clone(&self.end.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn look(&self, doing: Doing) -> Result<Unit, Problem> {
        let unit = self.daemons.look().await.map_err(|refusal| self.problem(doing, &refusal))?;
        match unusable(&unit.load).filter(|_| !unit.is_up()) {
            Some(refusal) => Err(self.problem(doing, &refusal)),
            None => Ok(unit),
        }
    }

    async fn seen(&self) -> Result<Unit, Refusal> {
        let mut seen = self.follow();
        let seen = seen.wait_for(Option::is_some).await.ok().and_then(|seen| seen.clone());
        seen.unwrap_or_else(|| Err(Refusal::Away(String::new())))
    }

    /// Waits until it is seen down. While nobody can tell, it isn't.
    async fn down(&self) -> Exit {
        loop {
            let mut seen = self.follow();
            let is_down = |seen: &Option<Result<Unit, Refusal>>| {
                matches!(seen, Some(Ok(Unit { active: Activity::Inactive | Activity::Failed, .. })))
            };
            if let Ok(seen) = seen.wait_for(is_down).await {
                let unit = seen.as_ref().and_then(|seen| seen.as_ref().ok());
                return unit.map(exit_of).unwrap_or_default();
            }
            // A start has put another follower in its place.
        }
    }
}

fn follow(daemons: Arc<dyn Daemons>) -> Follower {
    let (tell, seen) = watch::channel(None);
    let task = async move {
        let mut pause = FIRST_PAUSE;
        loop {
            let refusal = match daemons.follow().await {
                Ok(mut units) => {
                    while let Some(unit) = units.next().await {
                        pause = FIRST_PAUSE;
                        tell.send_replace(Some(Ok(unit)));
                    }
                    Refusal::Away("the connection is gone".to_owned())
                }
                Err(refusal) => refusal,
            };
            tell.send_replace(Some(Err(refusal)));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    Follower { seen, task: tokio::spawn(task).abort_handle() }
}

/// What `failed` without a process of its own, as a unit whose limit was hit, has no code of its own.
fn exit_of(unit: &Unit) -> Exit {
    match (unit.active, unit.exit) {
        (Activity::Failed, None) => Exit { code: Some(1), ..Exit::default() },
        (Activity::Failed, Some(exit)) => exit,
        (_, exit) => Exit { code: Some(0), signal: None, at: exit.map_or(0, |exit| exit.at) },
    }
}

impl Adapter for SystemDaemon {
    fn capabilities(&self) -> Capabilities {
        TYPE.capabilities
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        let observe = async {
            let unit = self.look(Doing::Look).await?;
            let settled = match unit.active {
                Activity::Active | Activity::Activating => Settled::Running,
                Activity::Failed => Settled::Down(Some(exit_of(&unit))),
                Activity::Deactivating | Activity::Inactive => Settled::Down(None),
            };
            let is_foreign = settled == Settled::Running && !self.mark.is_of(&unit);
            let foreign = is_foreign.then(|| format!("{} ran before KInfra wanted it", self.unit));
            Ok(Observed { settled, foreign, pid: unit.pid, ..Observed::default() })
        };
        observe.boxed()
    }

    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem> {
        Ok(if observed.settled == Settled::Running { vec![] } else { vec![Step::Start] })
    }

    fn start<'a>(
        &'a self,
        plan: &'a [Step],
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Started, Problem>> {
        let start = async {
            *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
            if !plan.is_empty() {
                progress.tell(format!("asks systemd to start {}", self.unit));
                self.mark.starting();
                if let Err(refusal) = self.daemons.start().await {
                    self.mark.forget();
                    return Err(self.problem(Doing::Start, &refusal));
                }
            }
            self.begin_anew();
            let unit = self.look(Doing::Look).await?;
            // From `starting` to its name.
            self.mark.is_of(&unit);
            Ok(Started { pid: unit.pid })
        };
        start.boxed()
    }

    fn stop(&self, stop: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        let stop = async move {
            let is_ours = self.daemons.look().await.map(|unit| self.mark.is_of(&unit));
            let stopped = match is_ours {
                Ok(true) => self.daemons.stop(stop == Stop::Kill).await,
                // Somebody else's goes on.
                Ok(false) => {
                    self.end().tell(Exit { code: Some(0), ..Exit::default() });
                    Ok(())
                }
                Err(refusal) => Err(refusal),
            };
            if stop == Stop::Kill && stopped.is_err() {
                // Nobody can end it at once; it is not waited for.
                self.end().tell(Exit::default());
            }
            stopped.map_err(|refusal| self.problem(Doing::Stop, &refusal))
        };
        stop.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        let probe = async {
            let unit = match self.seen().await {
                Ok(unit) => unit,
                Err(refusal) => return Probed::Unknown(self.problem(Doing::Look, &refusal)),
            };
            match unit.active {
                // That it runs doesn't say that it listens.
                Activity::Active if self.has_ports => Probed::Silent,
                Activity::Active => Probed::Ready(unit.sub),
                Activity::Activating => Probed::NotReady(format!("activating ({})", unit.sub)),
                Activity::Deactivating => Probed::NotReady(format!("deactivating ({})", unit.sub)),
                Activity::Inactive => Probed::NotReady("inactive".to_owned()),
                Activity::Failed => Probed::NotReady(format!("failed ({})", unit.result)),
            }
        };
        probe.boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        let ended = async {
            let end = self.end();
            tokio::select! { exit = end.wait() => exit, exit = self.down() => exit }
        };
        ended.boxed()
    }
}
