//! What can be asked where no engine runs: projects, ports, environments and secrets, which need nothing but the database. Whoever asks holds
//! the home's lock meanwhile, so nobody else writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{
    AddProject, AdoptPort, Environment, ErrorCode, Failure, MovePort, NodeState, PortMoved, Problem,
    ProjectAdded, ProjectState, ReadEnvironment, Replica, Request, SecretList, Snapshot,
};
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep};

use super::catalog::{Admission, Catalog, NewProject, read};
use super::commands::reply;
use super::instances::{facts, nodes_of};
use super::lock::Lock;
use super::migration::{Imports, Migrator, Steps};
use super::options::{proxy_port, registry_options};
use super::ports::named_port;
use super::setting_aside::{open_store, problem};
use super::{secrets, settings};
use crate::clock::Clock;
use crate::config::{ProjectSpec, ReplicaSpec, ServiceSpec, load_user_settings};
use crate::control::{Client, Dispatch, Updates};
use crate::home::Home;
use crate::port_registry::{InstancePorts, PortRegistry, Wanted};
use crate::process::boot_id;
use crate::proxy_server::{DEFAULT_PORT, stored_port};
use crate::secrets::Secrets;
use crate::service_manager::{Given, Handed, Holders, InstanceFacts, environment, inherited};
use crate::store::{StoredProject, StoredRun};

/// Whoever holds the lock for a moment is gone within this; an engine answers within it.
const PATIENCE: Duration = Duration::from_secs(20);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// A home of which no engine runs.
pub(super) struct Offline {
    pub catalog: Catalog,
    pub home: Home,
    environment: BTreeMap<String, String>,
    pub vault: Secrets,
    _lock: Lock,
}

/// The engine of a home if one runs; else the home itself, for as long as the client lives, with what a person should
/// know of what is stored there: an engine shows that itself.
///
/// # Errors
/// When neither can be had.
pub async fn connect_or_open(
    home: &Home,
    environment: &BTreeMap<String, String>,
) -> Result<(Client, Vec<Problem>), Failure> {
    Ok(match reach(home, environment).await? {
        Reached::Engine(client) => (client, vec![]),
        Reached::Home(offline, problems) => (Client::local(Arc::new(*offline)), problems),
    })
}

/// What answers for a home.
pub(super) enum Reached {
    Engine(Client),
    /// With what a person should know of what is stored there.
    Home(Box<Offline>, Vec<Problem>),
}

/// # Errors
/// When there is neither an engine that answers, nor a home that can be opened.
pub(super) async fn reach(home: &Home, environment: &BTreeMap<String, String>) -> Result<Reached, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let unreachable = match Client::connect(home).await {
            Ok(client) => return Ok(Reached::Engine(client)),
            Err(failure) => failure,
        };
        match Lock::take(home) {
            Ok(lock) => {
                let (offline, problems) = open(home, environment, lock).await?;
                return Ok(Reached::Home(Box::new(offline), problems));
            }
            Err(failure) if failure.code() != ErrorCode::AlreadyRunning => return Err(failure),
            // It is coming up, about to end, or somebody else has a short look.
            Err(_) if Instant::now() < deadline => sleep(TRY_AGAIN_AFTER).await,
            Err(_) => return Err(unreachable),
        }
    }
}

async fn open(
    home: &Home,
    environment: &BTreeMap<String, String>,
    lock: Lock,
) -> Result<(Offline, Vec<Problem>), Failure> {
    let settings = load_user_settings(&home.config)?;
    let vault = Secrets::new(environment.clone(), settings.secrets.iter().cloned().collect());
    let options = registry_options(settings, environment)?;
    let (store, set_aside) = open_store(&home.database()).await?;
    let problems: Vec<Problem> = set_aside.iter().map(|file| problem(file)).collect();
    // Only an engine can ask the keeper which ports the running services have.
    if !problems.is_empty() && UnixStream::connect(home.keeper_socket()).await.is_ok() {
        let hint =
            "services still run: start KInfra, and their projects and ports are known again (kinfra up -d)";
        return Err(problems.into_iter().map(|problem| problem.hint(hint)).collect::<Vec<_>>().into());
    }
    let ports = PortRegistry::open(store.clone(), options).await?;
    let holders = Holders::new(store.clone(), environment);
    let catalog = Catalog { store, ports, clock: Clock::start(), loading: Arc::default(), holders };
    // So that ports of a configuration that changed meanwhile are there to be asked for.
    for (stored, spec) in catalog.projects().await? {
        if let Ok(spec) = spec
            && let Err(failure) = catalog.claim(&stored.slug, &spec).await
        {
            tracing::warn!(project = stored.slug, %failure, "its ports can't be had");
        }
    }
    let (home, environment) = (home.clone(), environment.clone());
    Ok((Offline { catalog, home, environment, vault, _lock: lock }, problems))
}

impl Dispatch for Offline {
    fn dispatch(&self, request: Request) -> BoxFuture<'_, Result<Value, Failure>> {
        self.answer(request).boxed()
    }

    fn watch(&self) -> BoxFuture<'_, Result<Updates, Failure>> {
        async { Err(no_engine("state.watch")) }.boxed()
    }
}

impl Offline {
    async fn answer(&self, request: Request) -> Result<Value, Failure> {
        let ports = &self.catalog.ports;
        match request {
            Request::TakeSnapshot(take) => reply(&take, self.snapshot().await?),
            Request::AddProject(add) => reply(&add, self.add_project(&add).await?),
            Request::ListPorts(list) => reply(&list, self.catalog.list_ports(&list).await?),
            Request::AskPort(ask) => reply(&ask, self.catalog.ask_port(ask.port).await?),
            Request::Examine(examine) => reply(&examine, self.catalog.examine().await?),
            Request::FreePort(free) => reply(&free, self.catalog.free_port(&free).await?),
            Request::ReservePorts(reserve) => reply(&reserve, self.catalog.reserve(&reserve).await?),
            Request::ReleasePorts(release) => reply(&release, self.catalog.release(&release).await?),
            Request::SetSecret(set) => reply(&set, secrets::set(&self.vault, &set).await?),
            Request::ListSecrets(list) => reply(&list, self.list_secrets().await?),
            Request::DeleteSecret(of) => reply(&of, secrets::delete(&self.vault, &of).await?),
            Request::ReadSettings(read) => reply(&read, settings::read(&self.home, &self.environment)?),
            Request::ChangeSettings(change) => {
                reply(&change, settings::change(&self.home, &self.environment, change)?)
            }
            Request::MovePort(request) if request.this_time => {
                Err(no_engine(&format!("a port for {} for this time alone", request.service)))
            }
            Request::MovePort(request) => {
                let MovePort { project, service, name, to, .. } = &request;
                let wanted = self.wanted(project, service, name.as_deref()).await?;
                let port = ports.move_port(project, wanted, *to).await?;
                reply(&request, PortMoved { port })
            }
            Request::AdoptPort(request) => {
                let AdoptPort { project, service, name, .. } = &request;
                let wanted = self.wanted(project, service, name.as_deref()).await?;
                let port = self.catalog.adopt(&request, wanted).await?;
                reply(&request, PortMoved { port })
            }
            Request::PlanMigration(plan) => {
                reply(&plan, self.migrator(plan.home.as_deref())?.plan(&plan.folders).await?)
            }
            Request::ApplyMigration(apply) => {
                reply(&apply, self.migrator(apply.home.as_deref())?.apply(&apply.folders).await?)
            }
            Request::UndoMigration(undo) => reply(&undo, self.migrator(None)?.undo().await?),
            Request::ReadEnvironment(read) => reply(&read, self.read_environment(&read).await?),
            other => Err(no_engine(other.name())),
        }
    }

    fn migrator(&self, user_home: Option<&Path>) -> Result<Migrator<'_>, Failure> {
        Migrator::new(&self.catalog, &self.home, &self.environment, user_home, self)
    }

    /// Those of projects whose configuration can be read.
    async fn list_secrets(&self) -> Result<SecretList, Failure> {
        let projects = self.catalog.projects().await?;
        let known = projects.iter().filter_map(|(stored, spec)| Some((&*stored.slug, spec.as_ref().ok()?)));
        Ok(secrets::list(&self.vault, known).await)
    }

    /// As it would be in an engine that this command hosts.
    async fn read_environment(&self, read: &ReadEnvironment) -> Result<Environment, Failure> {
        let (stored, spec) = self.project(&read.project).await?;
        let service = service(&spec, &read.service)?;
        let facts = Arc::new(self.facts(&stored, &spec).await?);
        let facts = facts.seen_by(&service.replica);
        let environment = environment(service, &facts, &self.given()?, &Handed::Names)?;
        Ok(Environment { variables: environment.report() })
    }

    /// What an engine would know of a project.
    ///
    /// # Errors
    /// When its ports can't be had.
    pub(super) async fn facts(
        &self,
        stored: &StoredProject,
        spec: &ProjectSpec,
    ) -> Result<InstanceFacts, Failure> {
        let ports = self.catalog.claim(&stored.slug, spec).await?;
        let port = match proxy_port(&self.environment)? {
            Some(port) => port,
            None => stored_port(&self.catalog.store).await?.unwrap_or(DEFAULT_PORT),
        };
        Ok(facts(stored, Some(spec), &spec.services, ports, Some(port)))
    }

    /// What services are given of what this command was given.
    ///
    /// # Errors
    /// What is wrong with the user's settings.
    pub(super) fn given(&self) -> Result<Given, Failure> {
        let settings = load_user_settings(&self.home.config)?.env;
        Ok(Given::new(inherited(&self.environment, None), settings))
    }

    /// Every project at rest, with the ports that it will have.
    pub(super) async fn snapshot(&self) -> Result<Snapshot, Failure> {
        let mut snapshot = Snapshot::default();
        for (stored, spec) in self.catalog.projects().await? {
            let StoredProject { slug, name, folder } = stored;
            let (nodes, groups, problems) = match spec {
                Ok(spec) => {
                    let (ports, problems) = match self.catalog.claim(&slug, &spec).await {
                        Ok(ports) => (ports, vec![]),
                        Err(failure) => (InstancePorts::default(), failure.problems),
                    };
                    let run_by = nodes_of(&spec.services);
                    let node = |service: &Arc<ServiceSpec>| NodeState {
                        name: service.name.clone(),
                        replica: run_by
                            .get(&service.replica.of)
                            .filter(|nodes| nodes.len() > 1)
                            .map(|_| shown(&service.replica)),
                        mcp: service.mcp.clone(),
                        port: ports.nodes.get(&service.name).and_then(|ports| Some(ports.first()?.port)),
                        ..NodeState::default()
                    };
                    let nodes = spec.services.iter().map(node).collect();
                    (nodes, spec.groups.into_iter().collect(), problems)
                }
                Err(problems) => (vec![], BTreeMap::new(), problems),
            };
            snapshot.projects.push(ProjectState {
                slug,
                name,
                folder,
                nodes,
                groups,
                problems,
                ..ProjectState::default()
            });
        }
        Ok(snapshot)
    }

    async fn add_project(&self, add: &AddProject) -> Result<ProjectAdded, Failure> {
        Ok(self.add_with(&add.folder, &|_| vec![]).await?.0)
    }

    /// As an engine does it.
    async fn add_with(
        &self,
        folder: &Path,
        imports: &Imports<'_>,
    ) -> Result<(ProjectAdded, Vec<Problem>), Failure> {
        let (stored, namesake) = match self.catalog.admit(folder).await? {
            Admission::Known(stored) | Admission::Moved(stored) => (stored, None),
            Admission::New(NewProject { stored, namesake, .. }) => (stored, namesake),
        };
        let spec = read(&stored.folder)?;
        let refused = self.catalog.import(&stored.slug, imports(&spec)).await?;
        let ports = self.catalog.claim(&stored.slug, &spec).await?;
        let facts = facts(&stored, Some(&spec), &spec.services, ports, None);
        let names = spec.services.iter().map(|service| &*service.name);
        let problems = self.catalog.keep_env_files(&facts, names).await;
        if !problems.is_empty() {
            return Err(problems.into());
        }
        Ok((ProjectAdded { project: stored.slug, namesake }, refused))
    }

    async fn wanted(&self, project: &str, name: &str, port: Option<&str>) -> Result<Wanted, Failure> {
        let (_, spec) = self.project(project).await?;
        named_port(service(&spec, name)?, spec.ports.range, port)
    }

    async fn project(&self, slug: &str) -> Result<(StoredProject, ProjectSpec), Failure> {
        let all = self.catalog.projects().await?;
        let (stored, spec) = all
            .into_iter()
            .find(|(stored, _)| stored.slug == slug)
            .ok_or_else(|| Failure::new(ErrorCode::UnknownProject, format!("no project is named {slug}")))?;
        Ok((stored, spec?))
    }
}

fn service<'a>(spec: &'a ProjectSpec, name: &str) -> Result<&'a ServiceSpec, Problem> {
    let is_first = |node: &&Arc<ServiceSpec>| node.is_first() && name.strip_suffix(".1") == Some(&*node.name);
    let run_by = nodes_of(&spec.services);
    let is_several = |node: &&Arc<ServiceSpec>| run_by.get(&node.name).is_some_and(|nodes| nodes.len() > 1);
    let by_number = || spec.services.iter().filter(is_first).find(is_several);
    let found = spec.services.iter().find(|service| service.name == name).or_else(by_number);
    found.map(|service| &**service).ok_or_else(|| {
        let known: Vec<&str> = spec.services.iter().map(|spec| &*spec.name).collect();
        Problem::new(ErrorCode::UnknownService, format!("no service is named {name}"))
            .hint(format!("known: {}", known.join(", ")))
    })
}

fn shown(ReplicaSpec { of, number }: &ReplicaSpec) -> Replica {
    Replica { of: of.clone(), number: *number }
}

pub(super) fn no_engine(what: &str) -> Failure {
    Problem::new(ErrorCode::EngineUnreachable, format!("no engine runs, and {what} needs one"))
        .hint("start the app, or kinfra up in a project's folder")
        .into()
}

impl Steps for Offline {
    fn take_up<'s>(
        &'s self,
        folder: &'s Path,
        imports: &'s Imports<'s>,
    ) -> BoxFuture<'s, Result<Vec<Problem>, Failure>> {
        async move { Ok(self.add_with(folder, imports).await?.1) }.boxed()
    }

    /// What a keeper holds, although no engine runs.
    fn busy<'s>(&'s self, project: &'s str) -> BoxFuture<'s, Result<BTreeSet<String>, Failure>> {
        async move {
            let boot = boot_id();
            let runs = self.catalog.store.open_runs().await?;
            let of_project = |run: &StoredRun| run.run.instance == project && run.run.boot == boot;
            Ok(runs.into_iter().filter(of_project).map(|run| run.run.node).collect())
        }
        .boxed()
    }

    fn forget<'s>(&'s self, project: &'s str) -> BoxFuture<'s, Result<(), Failure>> {
        async move {
            self.catalog.remove_env_files(project).await;
            self.catalog.ports.remove(project).await?;
            self.catalog.store.remove_project(project.to_owned()).await?;
            Ok(())
        }
        .boxed()
    }

    /// An engine does, when there is one.
    fn show_connectors(&self) -> BoxFuture<'_, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }
}
