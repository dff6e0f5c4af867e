//! One service as the unit that its supervisor drives: how it is launched, probed and signalled.
//!
//! Theory of operation: the settings may be replaced at any time; the next launch uses the new ones. A run is
//! written down before its process is spawned and completed after it, so an engine that ends in between leaves
//! a record that the next one can compare with what the keeper knows.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use kinfra_keeper::protocol::{Scope, Spawn};
use kinfra_rpc::{ErrorCode, Exit, Phase, Problem};
use tracing::Span;

use super::holders::Holders;
use super::instance::{Instance, InstanceFacts};
use super::launch::{Prepared, environment, prepare};
use super::obstacles::not_spawned;
use super::runs::{Runs, Ticket};
use crate::clock::Clock;
use crate::config::ServiceSpec;
use crate::home::Home;
use crate::process::Keeper;
use crate::store::{NewRun, Store};
use crate::supervisor::{Launched, ProbeResult, Unit};

/// What every service needs of the engine.
pub struct ServiceContext {
    pub keeper: Keeper,
    pub store: Store,
    pub home: Home,
    pub clock: Clock,
    pub runs: Arc<Runs>,
    pub holders: Holders,
    /// The environment that services inherit.
    pub inherited: BTreeMap<String, String>,
}

pub(super) struct Service {
    pub(super) context: Arc<ServiceContext>,
    pub(super) instance: Arc<Instance>,
    /// The instance's slug.
    pub(super) project: String,
    pub(super) name: String,
    pub(super) ticket: Ticket,
    pub(super) spec: RwLock<Arc<ServiceSpec>>,
    /// Which of its ports kept it from starting the last time.
    pub(super) obstacle: Mutex<Option<String>>,
    /// The runs whose processes may exist, by number.
    pub(super) runs: Mutex<HashMap<u64, Running>>,
}

/// A run whose process may exist.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) id: String,
    pub(super) since: Instant,
    /// What it was given as `PORT`; the next run may have another.
    pub(super) port: Option<u16>,
    /// Where it listens instead.
    pub(super) elsewhere: Option<u16>,
    /// When it was last looked for elsewhere.
    pub(super) looked_at: Option<Instant>,
    /// A server that KInfra did not start.
    pub(super) foreign: bool,
}

impl Running {
    pub(super) const fn new(id: String, since: Instant, port: Option<u16>) -> Self {
        Self { id, since, port, elsewhere: None, looked_at: None, foreign: false }
    }
}

impl Unit for Service {
    fn span(&self, run: u64) -> Span {
        tracing::info_span!("run", project = self.project, node = self.name, run)
    }

    async fn launch(&self, number: u64, restarts: u32) -> Result<Launched, Problem> {
        let (spec, facts) = (self.spec(), self.instance.facts());
        if let Some(conflict) = facts.conflicts.get(&spec.name) {
            self.note_obstacle(Some(&conflict.name));
            return Err(conflict.problem.clone());
        }
        let ports = facts.ports.get(&spec.name).map(Vec::as_slice).unwrap_or_default();
        if let Some(held) = self.obtain(&spec, ports).await? {
            return self.leave_to(number, &ports[0], &held);
        }
        let environment = environment(&spec, &facts, &self.context.inherited)?;
        let Prepared { program, arguments, environment } =
            prepare(&spec.run, &spec.dir, &facts, environment)?;
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
        let port = facts.port(&spec.name);
        self.lock().insert(number, Running::new(id.clone(), Instant::now(), port));
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
                    tracing::error!(%error, "the run's process is not written down");
                }
                tracing::info!(pid = identity.pid, "started");
                Ok(Launched { pid: identity.pid })
            }
            Err(error) => {
                self.ended(number, Exit { at: self.context.clock.now(), ..Exit::default() }).await;
                Err(not_spawned(&spec.name, &program.display().to_string(), &error))
            }
        }
    }

    async fn signal(&self, run: u64, signal: i32, everything: bool) {
        let Some(Running { id, foreign, .. }) = self.running(run) else { return };
        if foreign {
            return self.let_go(&id);
        }
        let scope = if everything { Scope::Everything } else { Scope::Group };
        if let Err(error) = self.context.keeper.signal(&id, signal, scope).await {
            tracing::warn!(signal, %error, "not signalled");
        }
    }

    async fn probe(&self, run: u64) -> ProbeResult {
        let Some(running) = self.running(run) else { return Err("it ended".to_owned()) };
        self.ask(run, &running).await
    }

    async fn sweep(&self, run: u64) -> usize {
        let Some(Running { id, foreign: false, .. }) = self.running(run) else { return 0 };
        match self.context.keeper.remaining(&id).await {
            Ok(left) => left.len(),
            Err(error) => {
                tracing::warn!(%error, "cannot see what is left of a run");
                0
            }
        }
    }

    async fn ended(&self, run: u64, exit: Exit) {
        let Some(Running { id, foreign, .. }) = self.lock().remove(&run) else { return };
        if !foreign {
            tracing::info!(?exit, "ended");
            match self.context.store.end_run(id.clone(), exit).await {
                // The keeper remembers it until the store does.
                Ok(()) => drop(self.context.keeper.forget(&id).await),
                Err(error) => tracing::error!(%error, "the run's end is not written down"),
            }
        }
        self.context.runs.end(&id);
    }
}

impl Service {
    pub(super) fn spec(&self) -> Arc<ServiceSpec> {
        Arc::clone(&self.spec.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn running(&self, run: u64) -> Option<Running> {
        self.lock().get(&run).cloned()
    }

    /// The port of the process that runs, else the one that the next will have.
    pub(super) fn present_port(&self, phase: Phase) -> Option<u16> {
        let newest = self.lock().iter().max_by_key(|(number, _)| **number).map(|(_, running)| running.port);
        match newest {
            Some(port) if phase.is_active() => port,
            _ => self.instance.facts().port(&self.name),
        }
    }

    /// The port of its direct URL; none where nothing would answer HTTP.
    pub(super) fn answers_on(&self, phase: Phase, facts: &InstanceFacts) -> Option<u16> {
        facts.serves_http(&self.name).then(|| self.listens_on().or(self.present_port(phase)))?
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<u64, Running>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unique for ever: 128 random bits.
pub(super) fn new_run_id() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::new(ErrorCode::Io, format!("the system has no random numbers: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
