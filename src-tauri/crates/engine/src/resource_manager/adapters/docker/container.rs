use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bollard::errors::Error;
use bollard::query_parameters::{KillContainerOptionsBuilder, StopContainerOptionsBuilder};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use kinfra_rpc::{ErrorCode, Exit, Problem};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::apply::Start;
use super::engine::{Health, Known, Link, Run, Watched};
use super::observe::{self, Seen};
use super::plan::{self, Wanted};
use super::spec::Spec;
use super::{TYPE, errors, exec, labels, logs};
use crate::resource_manager::{
    Adapter, Capabilities, LogChunk, Observed, Outside, Place, Probed, Progress, Ran, Started, Step, Stop,
};

/// What an engine refuses it refuses at once. What takes longer was taken on.
const REFUSED_BY_THEN: Duration = Duration::from_millis(100);

/// Whoever watches over a stop kills in time; the engine does it where nobody does any more.
const BEYOND_GRACE: Duration = Duration::from_secs(30);

/// One container, whether it is there or not.
pub struct Container {
    place: Place,
    name: String,
    /// None: of an earlier engine, with settings that nobody knows.
    spec: Option<Spec>,
    outside: Arc<Outside>,
    watched: OnceCell<Arc<Watched>>,
    /// When it was last looked at.
    last: Mutex<Last>,
    /// To end.
    was_asked: AtomicBool,
}

/// What only a start needs to know.
#[derive(Debug, Clone, Default)]
struct Last {
    made_from: Option<String>,
    pid: Option<u32>,
}

impl Container {
    pub fn shared(place: Place, spec: Option<Spec>, outside: Arc<Outside>) -> Arc<dyn Adapter> {
        let name = labels::container(&place);
        Arc::new(Self {
            place,
            name,
            spec,
            outside,
            watched: OnceCell::new(),
            last: Mutex::default(),
            was_asked: AtomicBool::new(false),
        })
    }

    /// The engine is found once: a container doesn't move.
    async fn watched(&self) -> Result<&Arc<Watched>, Problem> {
        let find = async || {
            let engine = self.outside.docker.find(&self.outside.environment).await?;
            Ok(Arc::new(engine.watch(&self.place.home, &self.name)))
        };
        self.watched.get_or_try_init(find).await
    }

    async fn look(&self) -> Result<Observed, Problem> {
        let Seen { observed, image } =
            observe::observe(&self.place, self.spec.as_ref(), self.watched().await?).await?;
        *self.last() = Last { made_from: image, pid: observed.pid };
        Ok(observed)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The container itself, never one that has its name.
    async fn id(&self) -> Result<Option<String>, Problem> {
        let watched = self.watched().await?;
        if watched.known().run == Run::Unknown {
            self.look().await?;
        }
        Ok(watched.known().id)
    }

    async fn begin(&self, steps: &[Step], progress: &dyn Progress) -> Result<Started, Problem> {
        let watched = self.watched().await?;
        let client = watched.engine.ready().await?;
        let Some(spec) = &self.spec else { return Ok(Started::default()) };
        let Last { made_from, pid } = self.last().clone();
        if steps.is_empty() {
            return Ok(Started { pid });
        }
        let environment = &self.outside.environment;
        let start = Start { place: &self.place, spec, watched, environment, client, made_from, progress };
        let running = start.apply(steps).await?;
        Ok(Started { pid: running.and_then(|found| observe::pid(&found, watched)) })
    }

    async fn end(&self, how: Stop) -> Result<(), Problem> {
        let Some(id) = self.id().await? else { return Ok(()) };
        let client = self.watched().await?.engine.ready().await?;
        let doing = format!("stop the container {}", self.name);
        let asked = match how {
            Stop::Kill => {
                let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
                client.kill_container(&id, Some(options)).await
            }
            Stop::InOrder => {
                let grace = self.spec.as_ref().map_or(Duration::ZERO, |spec| spec.grace) + BEYOND_GRACE;
                let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
                let mut options = StopContainerOptionsBuilder::default().t(seconds);
                let signal = self.spec.as_ref().and_then(|spec| spec.signal).map(|signal| signal.to_string());
                if let Some(signal) = &signal {
                    options = options.signal(signal);
                }
                let options = options.build();
                // It is answered when the container has ended.
                let client = client.with_timeout(grace + BEYOND_GRACE);
                let asked = tokio::spawn(async move { client.stop_container(&id, Some(options)).await });
                match timeout(REFUSED_BY_THEN, asked).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(_)) | Err(_) => Ok(()),
                }
            }
        };
        match asked {
            // It is gone, or has ended before.
            Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
            Err(error) => Err(errors::problem(&doing, &error)),
        }
    }

    fn health(&self) -> Probed {
        let Some(watched) = self.watched.get() else {
            let message = format!("nobody has looked at the container {} yet", self.name);
            return Probed::Unknown(Problem::new(ErrorCode::ResourceUnreachable, message));
        };
        match watched.engine.link() {
            Link::Up => {}
            Link::Down(problem) => return Probed::Unknown(problem),
            Link::Opening => {
                let message =
                    format!("the Docker engine at {} has not answered yet", watched.engine.address());
                return Probed::Unknown(Problem::new(ErrorCode::ResourceUnreachable, message));
            }
        }
        match watched.known().health {
            None => Probed::Silent,
            Some(Health::Healthy) => Probed::Ready(String::new()),
            Some(Health::Starting) => Probed::NotReady("its health check has not succeeded yet".to_owned()),
            Some(Health::Unhealthy(why)) => Probed::NotReady(why),
        }
    }
}

/// An engine that is being stopped has told of its containers' ends so long before it takes no requests any more.
const ENGINE_CLOSES: Duration = Duration::from_millis(500);

/// The same where the container was sent a signal before: it was most likely the engine, on a machine that is busy.
const ENGINE_CLOSES_AT_LAST: Duration = Duration::from_secs(5);

/// Between two looks whether it does.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const SIGTERM: i32 = 15;
const SIGKILL: i32 = 9;

fn is_by(exit: &Exit, signal: i32) -> bool {
    exit.signal == Some(signal) || exit.code == Some(128 + signal)
}

/// As one ends that is asked to: by nobody here, it may have been its engine.
fn is_as_asked(exit: &Exit) -> bool {
    exit.code == Some(0) || is_by(exit, SIGTERM)
}

/// As an engine ends what it asked in vain, or what it finds of one that was lost.
fn is_as_forced(exit: &Exit, known: &Known) -> bool {
    is_by(exit, SIGKILL) && known.why.is_none()
}

/// Whether a container ended while its engine goes on: one that closes ends its containers first.
async fn ended_alone(watched: &Watched, exit: &Exit) -> bool {
    let patience = match (is_as_asked(exit), watched.known().was_signalled) {
        (false, _) => Duration::ZERO,
        (true, false) => ENGINE_CLOSES,
        (true, true) => ENGINE_CLOSES_AT_LAST,
    };
    let deadline = Instant::now() + patience;
    while watched.engine.is_open().await {
        if Instant::now() >= deadline {
            return true;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    false
}

impl Adapter for Container {
    fn capabilities(&self) -> Capabilities {
        TYPE.capabilities
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        self.look().boxed()
    }

    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem> {
        match &self.spec {
            Some(spec) => plan::plan(&Wanted::of(spec), observed),
            // Whatever it is to be, nobody knows it.
            None => Ok(vec![]),
        }
    }

    fn start<'a>(
        &'a self,
        plan: &'a [Step],
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Started, Problem>> {
        self.begin(plan, progress).boxed()
    }

    fn stop(&self, stop: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        self.was_asked.store(true, Ordering::Relaxed);
        self.end(stop).boxed()
    }

    fn remove(&self) -> BoxFuture<'_, Result<(), Problem>> {
        async { super::remove::remove(&self.outside, &self.place, false).await.map(drop) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        std::future::ready(self.health()).boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        let ended = async {
            loop {
                // Without an engine nobody can tell; it is asked again when one comes.
                if let Ok(watched) = self.watched().await {
                    if watched.known().run == Run::Unknown && self.look().await.is_err() {
                        watched.engine.up().await;
                        continue;
                    }
                    let changes = watched.engine.changes();
                    let exit = watched.ended().await;
                    if self.was_asked.load(Ordering::Relaxed) {
                        return exit;
                    }
                    let was_away = watched.engine.changes() != changes;
                    if was_away && (is_as_asked(&exit) || is_as_forced(&exit, &watched.known())) {
                        return Exit { at: exit.at, ..Exit::default() };
                    }
                    if ended_alone(watched, &exit).await {
                        return exit;
                    }
                    // It ended with its engine, which says nothing of itself; nor can it be started before that is back.
                    watched.engine.up_again().await;
                    if !matches!(watched.known().run, Run::Running(_)) {
                        return Exit::default();
                    }
                    continue;
                }
                tokio::time::sleep(BEYOND_GRACE).await;
            }
        };
        ended.boxed()
    }

    fn why_ended(&self) -> Option<String> {
        self.watched.get()?.known().why
    }

    fn logs(&self, after: Option<u64>) -> Option<BoxStream<'static, LogChunk>> {
        let watched = self.watched.get()?;
        Some(logs::follow(Arc::clone(watched), after).boxed())
    }

    fn execute(&self, words: Vec<String>) -> Option<BoxFuture<'_, Result<Ran, Problem>>> {
        let execute = async {
            let client = self.watched().await?.engine.ready().await?;
            exec::execute(&client, &self.name, words).await
        };
        Some(execute.boxed())
    }
}
