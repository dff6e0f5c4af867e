//! One service as the unit that its supervisor drives: how it is launched, probed and signalled.
//!
//! Theory of operation: the settings may be replaced at any time; the next launch uses the new ones. A run is
//! written down before its process is spawned and completed after it, so an engine that ends in between leaves
//! a record that the next one can compare with what the keeper knows.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use kinfra_keeper::protocol::{Identity, Scope, Spawn};
use kinfra_rpc::{ErrorCode, EventKind, Exit, Phase, Problem};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::Span;

use super::data::make_data_folder;
use super::holders::Holders;
use super::instance::{Instance, InstanceFacts};
use super::launch::{Prepared, environment, prepare};
use super::obstacles::not_spawned;
use super::offer::offered;
use super::running::{Launch, Running};
use super::runs::{Runs, Ticket};
use super::surroundings::Surroundings;
use super::timeline::Timeline;
use crate::clock::Clock;
use crate::config::{Reading, ServiceSpec};
use crate::home::Home;
use crate::logs::{KnownSecrets, last_lines_of};
use crate::orchestrator::Changes;
use crate::process::{Keeper, ProcessError, SpawnError};
use crate::resource_manager::Outside;
use crate::secrets::Secrets;
use crate::store::{Next, RunEnd, Store};
use crate::supervisor::{Counts, Ended, Launched, Note, ProbeResult, Role, Then, Unit};
use crate::watch::{WatchError, Watcher};

/// So many keepers are asked to start one process, or to look for what is left of one.
const MOST_KEEPERS: u32 = 3;

/// Where no keeper can be had.
const SIGNAL_AGAIN: Duration = Duration::from_millis(500);

/// Enough for the end of a stack trace.
const LAST_LINES: usize = 8;

/// What every service needs of the engine.
pub struct ServiceContext {
    pub keeper: Keeper,
    pub store: Store,
    pub home: Home,
    /// The `kinfra` command.
    pub command_program: PathBuf,
    pub clock: Clock,
    pub runs: Arc<Runs>,
    pub holders: Holders,
    pub timeline: Arc<Timeline>,
    pub watcher: Watcher,
    /// How many descriptors a process may have open, as the user has set it.
    pub descriptor_limit: Option<u64>,
    /// `logs.keep` of the user's settings.
    pub log_bytes: Option<u64>,
    /// Names the boot of this machine.
    pub boot: String,
    /// What is not to be shown.
    pub secrets: KnownSecrets,
    /// What is given to those who ask for it.
    pub vault: Secrets,
    pub surroundings: Surroundings,
    /// What resources need of the world outside.
    pub outside: Arc<Outside>,
    /// Counts what is printed.
    pub printed: watch::Sender<u64>,
}

pub(super) struct Service {
    /// For what goes on beside a call.
    pub(super) own: Weak<Self>,
    pub(super) context: Arc<ServiceContext>,
    pub(super) instance: Arc<Instance>,
    /// The instance's slug.
    pub(super) project: String,
    pub(super) name: String,
    pub(super) ticket: Ticket,
    pub(super) spec: RwLock<Arc<ServiceSpec>>,
    /// Which of its ports kept it from starting the last time.
    pub(super) obstacle: Mutex<Option<String>>,
    /// Of the last run that ended by itself.
    pub(super) last_lines: Mutex<Vec<String>>,
    /// Why the files that it watches are not watched.
    pub(super) unwatched: Mutex<Option<WatchError>>,
    /// What its launch waits for.
    pub(super) held_up: Mutex<Option<Problem>>,
    /// How far its launch is, where that takes its time.
    pub(super) progress: Mutex<Option<String>>,
    /// Held by the one who keeps what its run prints, where that is not the keeper.
    pub(super) printing: Arc<tokio::sync::Mutex<()>>,
    /// The secrets of which it was tried to know the values, so that its log shows none.
    pub(super) looked_up: tokio::sync::Mutex<BTreeSet<String>>,
    /// To be told when something is to be seen that the supervisor doesn't know of.
    pub(super) changed: Arc<Changes>,
    /// The runs whose processes may exist, by number.
    pub(super) runs: Mutex<HashMap<u64, Running>>,
}

impl Unit for Service {
    fn span(&self, run: u64) -> Span {
        tracing::info_span!("run", project = self.project, node = self.name, run)
    }

    async fn launch(&self, number: u64, counts: Counts) -> Result<Launched, Problem> {
        self.read_files_again();
        let (spec, facts) = (self.spec(), self.facts());
        if let Some(conflict) = facts.conflicts.get(&spec.name) {
            self.note_obstacle(Some(&conflict.name));
            return Err(conflict.problem.clone());
        }
        let ports = facts.ports.get(&spec.name).map(Vec::as_slice).unwrap_or_default();
        if spec.keeps_data() {
            make_data_folder(&facts.data.join(&spec.name))?;
        }
        if let Some(service) = self.own.upgrade().filter(|_| spec.has_adapter()) {
            return service.launch_resource(number, counts, &spec, &facts, ports).await;
        }
        if let Some(held) = self.obtain(&spec, ports).await? {
            return self.leave_to(number, &ports[0], &held);
        }
        let given = self.context.surroundings.given().await;
        let id = new_run_id()?;
        let handed = self.hand_out(number, &id, &spec, &facts, &given).await?;
        let environment = environment(&spec, &facts, &given, &handed)?;
        self.learn_from(&environment, &given);
        let prepared = prepare(&spec.run, &spec.dir, &facts, environment.into_values())?;
        let domains = facts.domains.get(&spec.name).map(Vec::as_slice).unwrap_or_default();
        let Prepared { program, arguments, environment } =
            offered(prepared, &spec, domains, &self.context.command_program)?;
        self.begin_run(&id, number, counts, &spec).await?;
        let log_from = if spec.health.reads_log() { self.end_of_log().await } else { None };
        let running = Running::new(id.clone(), Instant::now(), ports.to_vec());
        let (launched, handed) = (Launch::With(Arc::clone(&spec)), Arc::new(handed));
        self.lock().insert(number, Running { log_from, launched, handed: Arc::clone(&handed), ..running });
        let spawn = Spawn {
            run: id.clone(),
            number,
            program: program.clone(),
            arguments,
            folder: spec.dir.clone(),
            environment: environment.into_iter().collect(),
            log_folder: self.context.home.node_logs(&self.project, &self.name),
            descriptor_limit: self.context.descriptor_limit,
            log_bytes: spec.log_bytes.or(self.context.log_bytes),
        };
        let spawned = match handed.write_files(&spec.secret_files) {
            Ok(()) => {
                let spawned = self.spawn(spawn).await;
                spawned.map_err(|error| not_spawned(&spec.name, &program.display().to_string(), &error))
            }
            Err(problem) => Err(problem),
        };
        match spawned {
            Ok(identity) => {
                // In a crowd the spawn itself takes its time: until now it could not have listened.
                self.change(number, |running| {
                    (running.pid, running.since) = (Some(identity.pid), Instant::now());
                });
                self.write_process(id, identity);
                tracing::info!(pid = identity.pid, "started");
                Ok(Launched { pid: identity.pid })
            }
            Err(problem) => {
                let exit = Exit { at: self.context.clock.wall_now(), ..Exit::default() };
                let Counts { restarts, failures } = counts;
                self.close(number, RunEnd { exit, next: Next::Stopped, restarts, failures }).await;
                Err(problem)
            }
        }
    }

    async fn signal(&self, run: u64, signal: i32, everything: bool) {
        let Some(running) = self.running(run) else { return };
        let Running { id, foreign, .. } = running.clone();
        if foreign {
            return self.let_go(&id);
        }
        if let Some(service) = self.own.upgrade().filter(|_| running.adapter.is_some()) {
            if !everything {
                self.note_ending(&id).await;
            }
            return service.stop_resource(run, &running, everything).await;
        }
        let scope = if everything { Scope::Everything } else { Scope::Group };
        if !everything {
            self.note_ending(&id).await;
        }
        while let Err(error) = self.context.keeper.signal(&id, signal, scope).await {
            tracing::warn!(signal, %error, "not signalled");
            // Without a keeper it would never end: it is signalled as soon as there is one.
            if !matches!(error, ProcessError::Lost) || self.running(run).is_none() {
                return;
            }
            sleep(SIGNAL_AGAIN).await;
        }
    }

    async fn probe(&self, run: u64, role: Role) -> ProbeResult {
        let Some(running) = self.running(run) else { return Err("it ended".to_owned().into()) };
        self.ask(run, role, &running).await
    }

    async fn sweep(&self, run: u64) -> Result<usize, Problem> {
        let Some(Running { id, foreign: false, adapter: None, .. }) = self.running(run) else { return Ok(0) };
        match self.remaining(&id).await {
            Ok(left) => Ok(left.len()),
            Err(error) => {
                let message =
                    format!("whether {} has left something behind can't be seen: {error}", self.name);
                let problem = Problem::new(ErrorCode::KeeperLost, message);
                Err(problem
                    .hint("it counts as stopped when a keeper has looked, which is tried every second"))
            }
        }
    }

    async fn ended(&self, run: u64, Ended { exit, then, counts: Counts { restarts, failures } }: Ended) {
        let next = match then {
            Then::Stopped => Next::Stopped,
            Then::Retry { at } => Next::Retry { at: self.context.clock.wall_at(at) },
            Then::GaveUp => Next::GaveUp,
            Then::Exited => Next::Exited,
        };
        self.close(run, RunEnd { exit, next, restarts, failures }).await;
        if next != Next::Stopped && exit.code != Some(0) {
            let lines = self.keep_last_lines(run).await;
            self.context.timeline.keep_lines(&self.project, &self.name, run, lines).await;
        }
    }

    async fn settled(&self, run: u64) {
        // The engine doesn't end before it is written.
        let writing = format!("settle {} {} {run}", self.project, self.name);
        self.context.runs.begin(writing.clone(), self.ticket, run);
        let settled = self.context.store.settle_run(self.project.clone(), self.name.clone(), run).await;
        if let Err(error) = settled {
            tracing::error!(%error, "that it was stopped is not written down");
        }
        self.context.runs.end(&writing);
    }

    fn note(&self, note: Note) {
        tracing::debug!(run = note.run, kind = note.kind.word(), "{}", note.text);
        self.context.timeline.record(&self.project, &self.name, note);
    }
}

impl Service {
    /// That a keeper is lost is no fault of the service: what it may have started was ended, so the next one is asked.
    async fn spawn(&self, spawn: Spawn) -> Result<Identity, SpawnError> {
        let spawn = Arc::new(spawn);
        for _ in 1..MOST_KEEPERS {
            match self.context.keeper.spawn(Arc::clone(&spawn)).await {
                Err(SpawnError::Lost) => tracing::warn!("the keeper was lost during a start: asked again"),
                spawned => return spawned,
            }
        }
        self.context.keeper.spawn(spawn).await
    }

    /// Of a run: that what it prints is dropped, or no longer.
    pub(super) fn note_drop(&self, run: u64, reason: Option<String>) {
        let text = match &reason {
            Some(reason) => format!("output is dropped: {reason}"),
            None => "output is kept again".to_owned(),
        };
        let mut is_news = false;
        self.change(run, |running| {
            is_news = running.dropping != reason;
            running.dropping = reason;
        });
        if is_news {
            self.note(Note { run, kind: EventKind::Changed, text });
            self.changed.node(&self.name);
        }
    }

    /// What a person should know beside how it is, while it is not stopped.
    pub(super) fn troubles(&self) -> Vec<Problem> {
        let unwatched = self.unwatched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unwatched = unwatched.map(|error| {
            Problem::new(ErrorCode::Io, format!("its files are not watched: {error}")).hint(error.hint())
        });
        let held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.dropped().into_iter().chain(unwatched).chain(held_up).collect()
    }

    fn dropped(&self) -> Option<Problem> {
        let runs = self.lock();
        let (_, newest) = runs.iter().max_by_key(|(number, _)| **number)?;
        let reason = newest.dropping.as_ref()?;
        let problem = Problem::new(ErrorCode::Io, format!("output is dropped: {reason}"));
        let folder = self.context.home.logs();
        Some(problem.hint(format!("make room for {}; it goes on by itself", folder.display())))
    }

    /// That a keeper is lost says nothing of what is left: the next one is asked.
    async fn remaining(&self, id: &str) -> Result<Vec<Identity>, ProcessError> {
        for _ in 1..MOST_KEEPERS {
            match self.context.keeper.remaining(id).await {
                Err(ProcessError::Lost) => {}
                answered => return answered,
            }
        }
        self.context.keeper.remaining(id).await
    }

    /// What it said last, for whoever asks why it ended.
    async fn keep_last_lines(&self, run: u64) -> Vec<String> {
        let folder = self.context.home.node_logs(&self.project, &self.name);
        self.learn_quietly().await;
        let redactor = self.context.secrets.redactor(&self.project);
        let read =
            tokio::task::spawn_blocking(move || last_lines_of(&folder, run, LAST_LINES, &redactor)).await;
        let lines = read.unwrap_or_default();
        self.last_lines.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&lines);
        self.changed.node(&self.name);
        lines
    }

    /// The same, without waiting for it.
    pub(super) fn read_last_lines(self: &Arc<Self>, run: u64) {
        let service = Arc::clone(self);
        tokio::spawn(async move { service.keep_last_lines(run).await });
    }

    /// Only as long as it is down for that reason.
    pub(super) fn shown_last_lines(&self, phase: Phase) -> Vec<String> {
        match phase {
            Phase::Exited | Phase::CrashLooping => {
                self.last_lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
            }
            _ => vec![],
        }
    }

    pub(super) fn spec(&self) -> Arc<ServiceSpec> {
        Arc::clone(&self.spec.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it may know of its instance.
    pub(super) fn facts(&self) -> Arc<InstanceFacts> {
        self.instance.facts().seen_by(&self.spec().replica)
    }

    /// What the files of its environment say now is what it would be launched with. True where that is new.
    pub(super) fn read_files_again(&self) -> bool {
        let current = self.spec();
        let Some(read) = current.with_files_read(&mut Reading::default()) else { return false };
        let mut spec = self.spec.write().unwrap_or_else(PoisonError::into_inner);
        // Settings that were taken up meanwhile were read later than these.
        let is_same = Arc::ptr_eq(&spec, &current);
        if is_same {
            *spec = Arc::new(read);
        }
        is_same
    }

    pub(super) fn running(&self, run: u64) -> Option<Running> {
        self.lock().get(&run).cloned()
    }

    /// The port of the process that runs, else the one that the next will have.
    pub(super) fn present_port(&self, phase: Phase) -> Option<u16> {
        let newest = self.lock().iter().max_by_key(|(number, _)| **number).map(|(_, running)| running.port());
        match newest {
            Some(port) if phase.is_active() => port,
            _ => self.instance.facts().port(&self.name),
        }
    }

    /// What the newest process was launched with.
    pub(super) fn launch(&self) -> Launch {
        let runs = self.lock();
        let newest = runs.iter().max_by_key(|(number, _)| **number);
        newest.map_or(Launch::Unknown, |(_, running)| running.launched.clone())
    }

    /// Whether it runs with other settings than the next launch would have.
    pub(super) fn is_changed(&self) -> bool {
        match self.launch() {
            Launch::With(spec) => {
                let current = self.spec();
                !Arc::ptr_eq(&spec, &current) && spec.fingerprint().differs_from(current.fingerprint())
            }
            Launch::Fingerprint(launched) => launched.differs_from(self.spec().fingerprint()),
            Launch::Unknown => false,
        }
    }

    /// The port of its direct URL; none where nothing would answer HTTP.
    pub(super) fn answers_on(&self, phase: Phase, facts: &InstanceFacts) -> Option<u16> {
        facts.serves_http(&self.name).then(|| self.listens_on().or(self.present_port(phase)))?
    }

    pub(super) fn change(&self, run: u64, change: impl FnOnce(&mut Running)) {
        if let Some(running) = self.lock().get_mut(&run) {
            change(running);
        }
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
