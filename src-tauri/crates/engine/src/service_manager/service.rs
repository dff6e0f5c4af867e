//! One service: the unit that its supervisor drives, and the node that its stack sees.
//!
//! Theory of operation: the settings may be replaced at any time; the next launch uses the new ones. A run is
//! written down before its process is spawned and completed after it, so an engine that ends in between leaves
//! a record that the next one can compare with what the keeper knows.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_keeper::protocol::{Scope, Spawn};
use kinfra_rpc::{ErrorCode, Exit, NodeKind, NodeState, Phase, Problem};
use tokio::sync::Notify;

use super::instance::{Instance, direct_url};
use super::launch::{Prepared, environment, prepare};
use super::runs::{Runs, Ticket};
use super::settings::settings;
use crate::clock::Clock;
use crate::config::{ProbeKind, ServiceSpec};
use crate::health::{Probe, check};
use crate::home::Home;
use crate::orchestrator::Node;
use crate::port_registry::is_free;
use crate::process::{Keeper, SpawnError, port_holder};
use crate::store::{NewRun, Store};
use crate::supervisor::{Adopted, Input, Launched, Machine, ProbeResult, Supervisor, Unit};

/// With neither port nor probe: ready after this long.
const READY_AFTER: Duration = Duration::from_secs(1);

/// What every service needs of the engine.
pub struct ServiceContext {
    pub keeper: Keeper,
    pub store: Store,
    pub home: Home,
    pub clock: Clock,
    pub runs: Arc<Runs>,
    /// The environment that services inherit.
    pub inherited: BTreeMap<String, String>,
}

/// A run of an earlier engine that goes on.
#[derive(Debug, Clone)]
pub struct AdoptedRun {
    pub id: String,
    pub number: u64,
    pub restarts: u32,
    pub pid: u32,
    /// Milliseconds since 1970.
    pub started_at: u64,
    /// It ended while no engine was there.
    pub ended: Option<Exit>,
}

struct Service {
    context: Arc<ServiceContext>,
    instance: Arc<Instance>,
    /// The instance's slug.
    project: String,
    name: String,
    ticket: Ticket,
    spec: RwLock<Arc<ServiceSpec>>,
    /// The runs whose processes may exist, by number.
    runs: Mutex<HashMap<u64, Running>>,
}

#[derive(Clone)]
struct Running {
    id: String,
    since: Instant,
    /// What it was given as `PORT`; the next run may have another.
    port: Option<u16>,
}

/// A service in a stack.
pub struct ServiceNode {
    service: Arc<Service>,
    supervisor: Supervisor,
}

impl ServiceNode {
    /// Makes the node, with the process that it has already, if any. `newest` is the number of its newest run.
    #[must_use]
    pub fn new(
        context: &Arc<ServiceContext>,
        instance: &Arc<Instance>,
        spec: ServiceSpec,
        newest: u64,
        adopted: Option<AdoptedRun>,
        changed: Arc<Notify>,
    ) -> Arc<Self> {
        let (facts, ticket) = (instance.facts(), context.runs.ticket());
        let settings = settings(&spec);
        let clock = context.clock;
        let machine = match &adopted {
            Some(AdoptedRun { number, restarts, pid, started_at, .. }) => {
                let process =
                    Adopted { run: *number, pid: *pid, started_at: *started_at, restarts: *restarts };
                Machine::adopt(settings, newest + 1, process, clock.now())
            }
            None => Machine::new(settings, newest + 1),
        };
        let service = Arc::new(Service {
            context: Arc::clone(context),
            instance: Arc::clone(instance),
            project: facts.slug.clone(),
            name: spec.name.clone(),
            ticket,
            spec: RwLock::new(Arc::new(spec)),
            runs: Mutex::default(),
        });
        let supervisor =
            Supervisor::spawn(machine, Arc::clone(&service), clock, move || changed.notify_one());
        context.runs.supervise(ticket, supervisor.clone());
        if let Some(AdoptedRun { id, number, ended, .. }) = adopted {
            context.runs.begin(id.clone(), ticket, number);
            let port = facts.ports.get(&service.name).copied();
            service.lock().insert(number, Running { id, since: Instant::now(), port });
            if let Some(exit) = ended {
                supervisor.notify(Input::Exited { run: number, exit });
            }
        }
        Arc::new(Self { service, supervisor })
    }

    /// Other settings, used from the next launch on.
    pub fn configure(&self, spec: ServiceSpec) {
        self.supervisor.notify(Input::Configure(Box::new(settings(&spec))));
        *self.service.spec.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(spec);
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.service.name
    }

    /// How long it may take to end by itself.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.service.spec().stop.grace
    }
}

impl Drop for ServiceNode {
    fn drop(&mut self) {
        self.service.context.runs.release(self.service.ticket);
    }
}

impl Node for ServiceNode {
    fn start(&self) -> BoxFuture<'_, ()> {
        self.supervisor.tell(Input::Start).boxed()
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        self.supervisor.tell(Input::Stop).boxed()
    }

    fn kill(&self) -> BoxFuture<'_, ()> {
        self.supervisor.tell(Input::Kill).boxed()
    }

    fn observe(&self) -> NodeState {
        let view = self.supervisor.view();
        let name = &self.service.name;
        let facts = self.service.instance.facts();
        NodeState {
            name: name.clone(),
            kind: NodeKind::Service,
            phase: view.phase,
            health: view.health,
            detail: view.detail,
            pid: view.pid,
            port: self.service.present_port(view.phase),
            url: facts.local_url(name),
            direct_url: self.service.present_port(view.phase).map(direct_url),
            started_at: view.started_at,
            restarts: view.restarts,
            last_exit: view.last_exit,
            retry_at: view.retry_at,
            kill_at: view.kill_at,
            problem: view.problem,
            ..NodeState::default()
        }
    }
}

impl Unit for Service {
    async fn launch(&self, number: u64, restarts: u32) -> Result<Launched, Problem> {
        let (spec, facts) = (self.spec(), self.instance.facts());
        if let Some(conflict) = facts.conflicts.get(&spec.name) {
            return Err(conflict.clone());
        }
        let environment = environment(&spec, &facts, &self.context.inherited)?;
        let Prepared { program, arguments, environment } =
            prepare(&spec.run, &spec.dir, &facts, environment)?;
        if let Some(port) = facts.ports.get(&spec.name) {
            free_port(&spec.name, *port).await?;
        }
        let id = new_run_id()?;
        let started_at = self.context.clock.now();
        let (instance, node) = (self.project.clone(), self.name.clone());
        let fingerprint = format!("{:016x}", spec.fingerprint());
        let run = NewRun { id: id.clone(), instance, node, number, restarts, fingerprint, started_at };
        self.context.store.begin_run(run).await.map_err(|error| {
            let message = format!("{} is not started, as its run can't be written down: {error}", spec.name);
            Problem::new(ErrorCode::StoreFailed, message).hint("look at the free space of the state folder")
        })?;
        self.context.runs.begin(id.clone(), self.ticket, number);
        let port = facts.ports.get(&spec.name).copied();
        self.lock().insert(number, Running { id: id.clone(), since: Instant::now(), port });
        let spawn = Spawn {
            run: id.clone(),
            number,
            program: program.clone(),
            arguments,
            folder: spec.dir.clone(),
            environment: environment.into_iter().collect(),
            log_folder: self.context.home.node_logs(&self.project, &self.name),
        };
        match self.context.keeper.spawn(spawn).await {
            Ok(identity) => {
                if let Err(error) =
                    self.context.store.run_spawned(id, identity.pid, identity.start_time).await
                {
                    tracing::error!(node = spec.name, %error, "the run's process is not written down");
                }
                tracing::info!(
                    project = self.project,
                    node = spec.name,
                    run = number,
                    pid = identity.pid,
                    "started"
                );
                Ok(Launched { pid: identity.pid })
            }
            Err(error) => {
                self.ended(number, Exit { at: self.context.clock.now(), ..Exit::default() }).await;
                Err(spawn_problem(&spec.name, &program.display().to_string(), &error))
            }
        }
    }

    async fn signal(&self, run: u64, signal: i32, everything: bool) {
        let Some(id) = self.id(run) else { return };
        let scope = if everything { Scope::Everything } else { Scope::Group };
        if let Err(error) = self.context.keeper.signal(&id, signal, scope).await {
            tracing::warn!(node = self.name, run, signal, %error, "not signalled");
        }
    }

    async fn probe(&self, run: u64) -> ProbeResult {
        let running = self.lock().get(&run).cloned();
        let Some(Running { since, port, .. }) = running else { return Err("it ended".to_owned()) };
        let spec = self.spec();
        let limit = spec.health.as_ref().map_or(Duration::from_secs(1), |health| health.timeout);
        check(&self.prepare_probe(&spec, since, port)?, limit).await
    }

    async fn sweep(&self, run: u64) -> usize {
        let Some(id) = self.id(run) else { return 0 };
        match self.context.keeper.remaining(&id).await {
            Ok(left) => left.len(),
            Err(error) => {
                tracing::warn!(node = self.name, run, %error, "cannot see what is left of a run");
                0
            }
        }
    }

    async fn ended(&self, run: u64, exit: Exit) {
        let Some(Running { id, .. }) = self.lock().remove(&run) else { return };
        self.context.runs.end(&id);
        tracing::info!(project = self.project, node = self.name, run, ?exit, "ended");
        match self.context.store.end_run(id.clone(), exit).await {
            // The keeper remembers it until the store does.
            Ok(()) => drop(self.context.keeper.forget(&id).await),
            Err(error) => tracing::error!(node = self.name, run, %error, "the run's end is not written down"),
        }
    }
}

impl Service {
    fn spec(&self) -> Arc<ServiceSpec> {
        Arc::clone(&self.spec.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn id(&self, run: u64) -> Option<String> {
        self.lock().get(&run).map(|running| running.id.clone())
    }

    /// The port of the process that runs, else the one that the next will have.
    fn present_port(&self, phase: Phase) -> Option<u16> {
        let newest = self.lock().iter().max_by_key(|(number, _)| **number).map(|(_, running)| running.port);
        match newest {
            Some(port) if phase.is_active() => port,
            _ => self.instance.facts().ports.get(&self.name).copied(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Running>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepare_probe(&self, spec: &ServiceSpec, since: Instant, port: Option<u16>) -> Result<Probe, String> {
        let facts = self.instance.facts();
        let kind = spec.health.as_ref().map(|health| &health.kind);
        Ok(match (kind, port) {
            (Some(ProbeKind::Http { path }), Some(port)) => Probe::Http { port, path: path.clone() },
            (Some(ProbeKind::Command(run)), _) => {
                let environment = environment(spec, &facts, &self.context.inherited);
                let prepared =
                    environment.and_then(|environment| prepare(run, &spec.dir, &facts, environment));
                let Prepared { program, arguments, environment } =
                    prepared.map_err(|problem| problem.message)?;
                Probe::Command {
                    program,
                    arguments,
                    folder: spec.dir.clone(),
                    environment: environment.into_iter().collect(),
                }
            }
            (Some(ProbeKind::Tcp) | None, Some(port)) => Probe::Tcp { port },
            (_, None) => Probe::Lives { since, at_least: READY_AFTER },
        })
    }
}

/// # Errors
/// [`ErrorCode::PortTaken`], with who has it.
async fn free_port(service: &str, port: u16) -> Result<(), Problem> {
    if is_free(port) {
        return Ok(());
    }
    let holder = tokio::task::spawn_blocking(move || port_holder(port)).await.ok().flatten();
    let by = holder.map_or_else(|| "another program".to_owned(), |holder| holder.to_string());
    Err(Problem::new(ErrorCode::PortTaken, format!("port {port} of {service} is taken by {by}"))
        .hint(format!("end that program, or let {service} have another port: kinfra move-port {service}")))
}

fn spawn_problem(service: &str, program: &str, error: &SpawnError) -> Problem {
    let code = match error {
        SpawnError::Refused { .. } => ErrorCode::CommandNotFound,
        SpawnError::Lost => ErrorCode::KeeperLost,
    };
    Problem::new(code, format!("cannot start {service} ({program}): {error}"))
}

/// Unique for ever: 128 random bits.
fn new_run_id() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::new(ErrorCode::Io, format!("the system has no random numbers: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
