//! One service as the node that its stack sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_keeper::protocol::Run;
use kinfra_rpc::{
    EnvironmentVariable, EventKind, Exit, Inspection, NodeKind, NodeState, Phase, Problem, Replica, Wanted,
};

use super::handed::Handed;
use super::instance::{Instance, direct_url};
use super::launch::environment;
use super::reload::{self, Reload};
use super::running::{Launch, Running};
use super::service::{Service, ServiceContext};
use super::settings::settings;
use crate::clock::Clock;
use crate::config::{Fingerprint, ReplicaSpec, ResourceSpec, ServiceSpec, ServiceType};
use crate::orchestrator::{Changes, Node};
use crate::resource_manager::Act;
use crate::store::{Next, RunEnd};
use crate::supervisor::{Adopted, Counts, Input, Machine, Note, Resumed, Supervisor, Then, Unit};

/// What an earlier engine left of a node.
#[derive(Debug, Clone)]
pub enum Former {
    /// A run that goes on, or ended while no engine was there.
    Running(AdoptedRun),
    /// It had ended, and this was to come.
    Ended(RunEnd),
    Nothing,
}

/// A run of an earlier engine that was not known to have ended.
#[derive(Debug, Clone)]
pub struct AdoptedRun {
    pub id: String,
    pub number: u64,
    pub restarts: u32,
    pub failures: u32,
    pub pid: u32,
    /// Milliseconds since 1970.
    pub started_at: u64,
    /// Of what it was launched with; none if that was not known.
    pub fingerprint: Option<Fingerprint>,
    /// It ended while no engine was there.
    pub ended: Option<Exit>,
    /// The type of the resource whose adapter has it; none for a process.
    pub adapter: Option<String>,
    /// The engine before was about to end it, and this is what its user wants of the node after that.
    pub ending: Option<Wanted>,
}

/// A service in a stack.
pub struct ServiceNode {
    service: Arc<Service>,
    supervisor: Supervisor,
    /// None when it watches nothing.
    reload: Mutex<Option<Reload>>,
}

impl ServiceNode {
    /// Makes the node, as an earlier engine left it. `newest` is the number of its newest run.
    #[must_use]
    pub fn new(
        context: &Arc<ServiceContext>,
        instance: &Arc<Instance>,
        spec: Arc<ServiceSpec>,
        newest: u64,
        former: Former,
        changed: Arc<Changes>,
    ) -> Arc<Self> {
        let (facts, ticket) = (instance.facts(), context.runs.ticket());
        let settings = settings(&spec, &facts.slug);
        let clock = context.clock.clone();
        let machine = match &former {
            Former::Running(AdoptedRun { number, restarts, failures, pid, started_at, .. }) => {
                let counts = Counts { restarts: *restarts, failures: *failures };
                let process =
                    Adopted { run: *number, pid: *pid, started_at: clock.moment_of(*started_at), counts };
                Machine::adopt(settings, newest + 1, process, clock.now())
            }
            Former::Ended(end) => Machine::resume(settings, newest + 1, &resumed(end, &clock)),
            Former::Nothing => Machine::new(settings, newest + 1),
        };
        let service = Arc::new_cyclic(|own| Service {
            own: Weak::clone(own),
            context: Arc::clone(context),
            instance: Arc::clone(instance),
            project: facts.slug.clone(),
            name: spec.name.clone(),
            ticket,
            spec: RwLock::new(spec),
            obstacle: Mutex::default(),
            last_lines: Mutex::default(),
            unwatched: Mutex::default(),
            held_up: Mutex::default(),
            progress: Mutex::default(),
            printing: Arc::default(),
            looked_up: tokio::sync::Mutex::default(),
            changed: Arc::clone(&changed),
            runs: Mutex::default(),
        });
        service.learn_secrets();
        let name = service.name.clone();
        let supervisor = Supervisor::spawn(machine, Arc::clone(&service), clock, move || changed.node(&name));
        context.runs.supervise(ticket, supervisor.clone(), &service);
        match former {
            Former::Running(adopted) => service.take_over(adopted, &supervisor),
            Former::Ended(end) if end.exit.code != Some(0) => service.read_last_lines(newest),
            Former::Ended(_) | Former::Nothing => {}
        }
        let watch = service.spec().watch.clone();
        let reload = watch.map(|watch| reload::begin(&service, &supervisor, watch));
        Arc::new(Self { service, supervisor, reload: Mutex::new(reload) })
    }

    /// Other settings, used from the next launch on.
    pub fn configure(&self, spec: Arc<ServiceSpec>) {
        if *spec == *self.service.spec() {
            return;
        }
        self.supervisor.notify(Input::Configure(Box::new(settings(&spec, &self.service.project))));
        let watch = spec.watch.clone();
        let before = {
            let mut current = self.service.spec.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, spec)
        };
        if before.watch != watch {
            *self.service.unwatched.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let reload = watch.map(|watch| reload::begin(&self.service, &self.supervisor, watch));
            *self.reload.lock().unwrap_or_else(PoisonError::into_inner) = reload;
        }
        self.service.learn_secrets();
    }

    /// Some file of its environment may say something else now.
    pub fn read_files_again(&self) {
        if self.service.read_files_again() {
            self.service.learn_secrets();
            self.service.changed.node(&self.service.name);
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.service.name
    }

    /// Which of its ports kept it from starting the last time, if one did.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        self.service.obstacle.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[must_use]
    pub fn spec(&self) -> Arc<ServiceSpec> {
        self.service.spec()
    }

    /// What its process was launched with, or at least the fingerprint of that; none without a process.
    #[must_use]
    pub fn launched(&self) -> Option<Result<Arc<ServiceSpec>, Fingerprint>> {
        match self.service.launch() {
            Launch::With(spec) => Some(Ok(spec)),
            Launch::Fingerprint(fingerprint) => Some(Err(fingerprint)),
            Launch::Unknown => None,
        }
    }

    /// What it would find in its environment if it were started now, with the names of secrets in their place.
    ///
    /// # Errors
    /// What would keep it from being started.
    pub async fn environment(&self) -> Result<Vec<EnvironmentVariable>, Problem> {
        let service = &self.service;
        let given = service.context.surroundings.given().await;
        Ok(environment(&service.spec(), &service.facts(), &given, &Handed::Names)?.report())
    }

    /// What it is where it runs, and what can be done with it there.
    ///
    /// # Errors
    /// When it is nothing that is run elsewhere, or that can't be asked.
    pub async fn inspect(&self) -> Result<Inspection, Problem> {
        let inspection = self.service.inspect().await;
        // It was asked afresh: its state is not to say anything else.
        self.supervisor.notify(Input::Recheck);
        inspection
    }

    /// Does something with it where it runs, beside starts and stops.
    ///
    /// # Errors
    /// When there is no such thing to be done, it has to be confirmed, or it was not taken.
    pub async fn act(&self, act: &Act) -> Result<String, Problem> {
        let resumes = act.action == Act::RESUME;
        if resumes {
            self.supervisor.tell(Input::Resumed).await;
        }
        let acted = self.service.act(act).await;
        let is_resumed = acted.is_ok() && resumes;
        self.supervisor.tell(if is_resumed { Input::Resumed } else { Input::Recheck }).await;
        acted
    }

    /// Before its log is read: learns of its secrets what can be had without asking anybody.
    pub async fn learn_secrets(&self) {
        self.service.learn_quietly().await;
    }

    /// The runs of its own whose processes may exist, by the names that the keeper has for them.
    #[must_use]
    pub fn runs(&self) -> Vec<String> {
        let runs = self.service.lock();
        let held = runs.values().filter(|running| !running.foreign && running.adapter.is_none());
        held.map(|running| running.id.clone()).collect()
    }

    /// Takes away what was made for it outside, such as its container, but never its data.
    ///
    /// # Errors
    /// When whoever runs it is away, or refuses.
    pub async fn take_away(&self) -> Result<(), Problem> {
        self.service.take_away().await
    }

    /// Those whose processes are not the keeper's and can be seen on this machine, as the keeper would list them.
    #[must_use]
    pub fn runs_elsewhere(&self) -> Vec<Run> {
        self.service.runs_of_adapter()
    }

    /// How long it may take to end by itself.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.service.spec().stop.grace
    }
}

fn resumed(end: &RunEnd, clock: &Clock) -> Resumed {
    let then = match end.next {
        Next::Stopped => Then::Stopped,
        Next::Retry { at } => Then::Retry { at: clock.moment_of(at) },
        Next::GaveUp => Then::GaveUp,
        Next::Exited => Then::Exited,
    };
    let counts = Counts { restarts: end.restarts, failures: end.failures };
    Resumed { exit: end.exit, then, counts }
}

impl Service {
    /// A run that an earlier engine began.
    fn take_over(self: &Arc<Self>, adopted: AdoptedRun, supervisor: &Supervisor) {
        let AdoptedRun { id, number, pid, ended, fingerprint, ending, adapter, .. } = adopted;
        self.context.runs.begin(id.clone(), self.ticket, number);
        let ports = self.instance.facts().ports.get(&self.name).cloned().unwrap_or_default();
        let folder = self.context.home.run_secrets(&id);
        // They are looked up when a probe needs them.
        let handed = Arc::new(Handed::Values { values: BTreeMap::new(), folder });
        let running = Running::new(id, Instant::now(), ports);
        let launched = fingerprint.map_or(Launch::Unknown, Launch::Fingerprint);
        // Of what an adapter has, nobody has seen the process yet.
        let pid = adapter.is_none().then_some(pid);
        let running = Running { pid, launched, handed, adapter, ..running };
        self.lock().insert(number, running.clone());
        if running.adapter.is_some() {
            let service = Arc::clone(self);
            // It is asked again by its probes where this fails.
            tokio::spawn(async move { service.carried(number, &running).await.map(drop) });
        }
        let text = match ended {
            Some(_) => "ended while no engine was there",
            None => "goes on under a new engine",
        };
        self.note(Note { run: number, kind: EventKind::Adopted, text: text.to_owned() });
        match ending {
            None => {}
            Some(Wanted::Stopped) => supervisor.notify(Input::Stop),
            // It was the first half of a restart.
            Some(Wanted::Running) => supervisor.notify(Input::Restart),
        }
        if let Some(exit) = ended {
            supervisor.notify(Input::Exited { run: number, exit });
        }
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
        let shown = |moment| self.service.context.clock.wall_at(moment);
        let name = &self.service.name;
        let (facts, spec) = (self.service.instance.facts(), self.service.spec());
        let ReplicaSpec { of, number } = &spec.replica;
        let is_one_of_several = *number > 1 || facts.replicas.contains_key(of);
        let replica = is_one_of_several.then(|| Replica { of: of.clone(), number: *number });
        // One that is being stopped, or has no process yet, needs no restart: its next launch takes up what there is.
        let has_process = view.pid.is_some_and(|pid| pid != 0);
        let runs_on = matches!(view.phase, Phase::Starting | Phase::Running) && has_process;
        let changed = runs_on && self.service.is_changed();
        let maintenance = facts.maintenance.get(of).cloned();
        let troubles = if view.phase.is_active() { self.service.troubles() } else { vec![] };
        let mut detail = view.detail;
        if view.phase == Phase::Starting
            && let Some(progress) = self.service.progress()
        {
            detail = format!("starting: {progress}");
        }
        if maintenance.is_some() {
            detail += " · in maintenance";
        }
        if changed {
            detail += " · changed, restart to apply";
        }
        for trouble in &troubles {
            detail = format!("{detail} · {}", trouble.message);
        }
        NodeState {
            name: name.clone(),
            kind: match spec.kind {
                ServiceType::Service | ServiceType::Mcp => NodeKind::Service,
                ServiceType::Task => NodeKind::Task,
                ServiceType::Resource => NodeKind::Resource,
            },
            replica,
            phase: view.phase,
            health: view.health,
            detail,
            pid: view.pid.filter(|pid| *pid != 0).or_else(|| self.service.pid_of_adapter(view.phase)),
            port: self.service.present_port(view.phase),
            listens_on: self.service.listens_on(),
            adopted: self.service.is_foreign(),
            url: facts.local_url(name),
            routes: facts.routes(name),
            published: facts.published(name),
            exposures: facts.exposures(name),
            public_url: facts.public_url(name),
            maintenance,
            forwarding: spec.forwarding,
            mcp: spec.mcp.clone(),
            resource: spec.resource.as_ref().map(ResourceSpec::info),
            direct_url: self.service.answers_on(view.phase, &facts).map(direct_url),
            started_at: view.started_at.map(shown),
            restarts: view.restarts,
            last_exit: view.last_exit,
            retry_at: view.retry_at.map(shown),
            kill_at: view.kill_at.map(shown),
            problem: view.problem.or_else(|| troubles.into_iter().next()),
            optional: facts.optional.contains(name),
            changed,
            last_lines: self.service.shown_last_lines(view.phase),
            ..NodeState::default()
        }
    }
}
