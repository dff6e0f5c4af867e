use std::sync::Arc;
use std::time::Duration;

use kinfra_keeper::platform::time_of;
use kinfra_keeper::protocol::Run;
use kinfra_rpc::{EventKind, Exit, Phase, Problem};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::super::handed::Handed;
use super::super::instance::InstanceFacts;
use super::super::launch::{Given as Surrounding, environment};
use super::super::references::resolve;
use super::super::running::Running;
use super::super::service::Service;
use super::commands::HeldCommands;
use super::printed::keep;
use crate::config::{Mode, ServiceSpec, expand, stable_hash};
use crate::port_registry::NodePort;
use crate::resource_manager::{Adapter, Given, GivenPort, Place, Settled, type_named};
use crate::supervisor::{Note, Unit};

/// The adapter of a run, and what goes on beside it as long as the run does.
pub(in crate::service_manager) struct Carried {
    pub adapter: Arc<dyn Adapter>,
    _end: AbortOnDropHandle<()>,
    log: tokio::sync::Mutex<AbortOnDropHandle<()>>,
}

/// What is printed last arrives after the news of the end, by so much at most.
const LATE_LINES: Duration = Duration::from_secs(2);

impl Carried {
    /// Waits for what was printed last, once nothing runs any more.
    pub async fn drain(&self) {
        let _ = timeout(LATE_LINES, &mut *self.log.lock().await).await;
    }
}

impl Service {
    fn place(&self) -> Place {
        Place {
            home: format!("{:016x}", stable_hash(&self.context.home.database())),
            instance: self.project.clone(),
            node: self.name.clone(),
        }
    }

    /// # Errors
    /// When something that its settings refer to can't be had.
    pub(super) fn adapter(
        self: &Arc<Self>,
        spec: &Arc<ServiceSpec>,
        facts: &Arc<InstanceFacts>,
        surrounding: &Surrounding,
        handed: &Arc<Handed>,
        ports: &[NodePort],
    ) -> Result<Arc<dyn Adapter>, Problem> {
        let Some(resource) = &spec.resource else { return Err(self.unknown_adapter("none")) };
        let cascade = environment(spec, facts, surrounding, handed)?;
        self.learn_from(&cascade, surrounding);
        let own = |(name, _): &(String, String)| Some((name.clone(), cascade.value(name)?.to_owned()));
        let own = spec.environment.variables.iter().filter_map(own).collect();
        let whole = cascade.into_values();
        let variable = |name: &str| whole.get(name).cloned();
        let secret = |name: &str| handed.value(name);
        let expand = |text: &str| {
            expand(text, Mode::Setting, &|reference| resolve(facts, &variable, &secret, reference))
        };
        let port =
            |port: &NodePort| GivenPort { name: port.name.clone(), protocol: port.protocol, port: port.port };
        resource.settings.adapter(Given {
            place: self.place(),
            fingerprint: spec.fingerprint().to_string(),
            folder: facts.folder.clone(),
            ports: ports.iter().map(port).collect(),
            environment: own,
            signal: resource.signal,
            grace: spec.stop.grace,
            expand: &expand,
            commands: Arc::new(HeldCommands::new(self, spec, handed)),
            outside: Arc::clone(&self.context.outside),
        })
    }

    /// From now on its end and what it prints are heard of.
    pub(super) fn carry(self: &Arc<Self>, run: u64, id: &str, adapter: Arc<dyn Adapter>) -> Arc<Carried> {
        let (runs, clock) = (Arc::clone(&self.context.runs), self.context.clock.clone());
        let (of_end, id, service) = (Arc::clone(&adapter), id.to_owned(), Arc::downgrade(self));
        let end = async move {
            let exit = of_end.ended().await;
            if let (Some(text), Some(service)) = (of_end.why_ended(), service.upgrade()) {
                service.note(Note { run, kind: EventKind::Ended, text });
            }
            let at = if exit.at == 0 { clock.wall_now() } else { exit.at };
            runs.exited(&id, Exit { at, ..exit });
        };
        let log = keep(self, run, Arc::clone(&adapter));
        let [end, log] = [tokio::spawn(end), tokio::spawn(log)].map(AbortOnDropHandle::new);
        Arc::new(Carried { adapter, _end: end, log: tokio::sync::Mutex::new(log) })
    }

    /// The adapter of a run. Of one that an earlier engine began it is made now, and what is there is looked at.
    ///
    /// # Errors
    /// When that can't be seen now.
    pub(in crate::service_manager) async fn carried(
        self: &Arc<Self>,
        run: u64,
        running: &Running,
    ) -> Result<Arc<Carried>, Problem> {
        let made = running.carried.get_or_try_init(|| async {
            let adapter = self.adapter_of_earlier(run, running).await?;
            let observed = adapter.observe().await?;
            let carried = self.carry(run, &running.id, Arc::clone(&adapter));
            match observed.settled {
                Settled::Running | Settled::Paused | Settled::Unknown => self.told(&*adapter),
                Settled::Down(exit) => {
                    self.gone(&running.id, exit);
                }
                Settled::Absent => self.gone(&running.id, None),
            }
            self.change(run, |running| running.pid = observed.pid);
            self.changed.node(&self.name);
            Ok(carried)
        });
        made.await.cloned()
    }

    /// Takes away what was made for it, but its data.
    ///
    /// # Errors
    /// When whoever runs it is away, or refuses.
    pub(in crate::service_manager) async fn take_away(&self) -> Result<(), Problem> {
        let left = self.spec().resource.as_ref().and_then(|resource| resource.resource_type()?.left);
        match left {
            Some(left) => left(self.place(), &self.context.outside).remove().await,
            None => Ok(()),
        }
    }

    /// What was taken over has told it only later.
    pub(in crate::service_manager) fn pid_of_adapter(&self, phase: Phase) -> Option<u32> {
        // Until it is written down that it ended, a run is known whose process is gone.
        if !matches!(phase, Phase::Starting | Phase::Running) {
            return None;
        }
        self.lock().values().find(|running| running.adapter.is_some())?.pid
    }

    pub(in crate::service_manager) fn runs_of_adapter(&self) -> Vec<Run> {
        let runs = self.lock();
        let seen =
            runs.iter().filter(|(_, running)| running.adapter.is_some()).filter_map(|(number, running)| {
                let identity = time_of(running.pid?)?.identity;
                let log_folder = self.context.home.node_logs(&self.project, &self.name);
                let (run, number) = (running.id.clone(), *number);
                Some(Run { run, number, identity, log_folder, log_bytes: None, ended: None, dropping: None })
            });
        seen.collect()
    }

    /// Its settings may be others by now, or nobody may know them any more: then it is known by its place.
    async fn adapter_of_earlier(
        self: &Arc<Self>,
        run: u64,
        running: &Running,
    ) -> Result<Arc<dyn Adapter>, Problem> {
        let kind = running.adapter.as_deref().unwrap_or_default();
        let spec = self.spec();
        let is_same = spec.resource.as_ref().is_some_and(|known| known.kind == kind && !known.is_process());
        if is_same {
            let facts = self.facts();
            let made = match self.handed(run, &spec, running).await {
                Ok(handed) => {
                    let given = self.context.surroundings.given().await;
                    self.adapter(&spec, &facts, &given, &handed, &running.ports)
                }
                Err(problem) => Err(problem),
            };
            let by_place = type_named(kind).and_then(|kind| kind.left);
            match made {
                Err(_) if by_place.is_some() => {}
                made => return made,
            }
        }
        let left = type_named(kind).and_then(|kind| kind.left).ok_or_else(|| self.unknown_adapter(kind))?;
        Ok(left(self.place(), &self.context.outside))
    }

    fn gone(&self, id: &str, exit: Option<Exit>) {
        let exit = exit.unwrap_or_default();
        let at = if exit.at == 0 { self.context.clock.wall_now() } else { exit.at };
        self.context.runs.exited(id, Exit { at, ..exit });
    }

    /// What it offers that only it knows.
    pub(super) fn told(&self, adapter: &dyn Adapter) {
        let outputs = adapter.outputs();
        let known = self.instance.facts();
        if known.told.get(&self.name).unwrap_or(&Default::default()) != &outputs {
            self.instance.change(|facts| drop(facts.told.insert(self.name.clone(), outputs)));
        }
    }

    fn unknown_adapter(&self, kind: &str) -> Problem {
        let message = format!(
            "{} was started as a resource of the type {kind}, of which this version of KInfra knows nothing",
            self.name
        );
        Problem::new(kinfra_rpc::ErrorCode::ResourceFailed, message).hint("end it by hand")
    }
}
