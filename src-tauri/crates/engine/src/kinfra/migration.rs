//! Moving over from KInfra 1.0: `compat` reads, plans and keeps the journal; here it is carried out, with an engine and
//! without one.
//!
//! Theory of operation: the plan is made anew from what is there whenever it is asked for, so a migration that broke off
//! goes on where it was, and one that is complete has nothing to do. What is about to be done is in a journal before
//! any of it is. Then whoever of Python's gives something up; then each project by itself: its file, then its ports, then it
//! is made known. One that fails is told and keeps none of the others from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;
use kinfra_rpc::{
    ErrorCode, Failure, Migrated, MigratedProject, MigratedService, MigrationPlan, PortOrigin, PortStep,
    Problem, Protocol,
};

use super::catalog::Catalog;
use super::instances::wanted_ports;
use super::migration_handing::Giver;
use crate::compat::{
    Certainty, Configuration, Content, Drafts, Found, Gathered, GivenPort, Handed, Journal, Known, MAIN_PORT,
    NotedClaim, NotedProject, NotedSteps, Places, Planning, Running, drafts, is_pending, is_server,
    main_claim, plan, to_know,
};
use crate::config::{PortChoice, ProjectSpec, ServiceSpec, find, load_file};
use crate::home::Home;
use crate::port_registry::{Import, Wanted};
use crate::process::boot_id;
use crate::smart_allocator::Ask;
use crate::store::{Claim, StoredConnector, StoredProject};

/// Which ports a configuration's services had.
pub(super) type Imports<'i> = dyn Fn(&ProjectSpec) -> Vec<Import> + Sync + 'i;

/// What an engine does in its way, and a home without one in another.
pub(super) trait Steps: Sync {
    /// Makes a folder's project known, with ports that its services had. Gives those that can't be had.
    fn take_up<'s>(
        &'s self,
        folder: &'s Path,
        imports: &'s Imports<'s>,
    ) -> BoxFuture<'s, Result<Vec<Problem>, Failure>>;

    /// The services of a project that run.
    fn busy<'s>(&'s self, project: &'s str) -> BoxFuture<'s, Result<BTreeSet<String>, Failure>>;

    /// A project that is at rest, with its ports.
    fn forget<'s>(&'s self, project: &'s str) -> BoxFuture<'s, Result<(), Failure>>;

    /// Other old connectors are known now.
    fn show_connectors(&self) -> BoxFuture<'_, Result<(), Failure>>;
}

pub(super) struct Migrator<'m> {
    pub catalog: &'m Catalog,
    pub home: &'m Home,
    pub steps: &'m dyn Steps,
    user_home: PathBuf,
}

/// All that a plan is made from.
struct Survey {
    gathered: Gathered,
    plan: MigrationPlan,
    handed: Vec<Handed>,
    certainties: BTreeMap<(PathBuf, String), Certainty>,
    /// Old connectors to write down.
    connectors: Vec<StoredConnector>,
}

impl<'m> Migrator<'m> {
    /// # Errors
    /// When nobody says which the user's own folder is.
    pub fn new(
        catalog: &'m Catalog,
        home: &'m Home,
        environment: &BTreeMap<String, String>,
        user_home: Option<&Path>,
        steps: &'m dyn Steps,
    ) -> Result<Self, Failure> {
        let of_environment = || environment.get("HOME").map(PathBuf::from);
        let user_home = user_home.map(Path::to_owned).or_else(of_environment);
        let user_home = user_home.filter(|home| home.is_absolute()).ok_or_else(|| {
            Problem::new(ErrorCode::InvalidRequest, "cannot look for files of KInfra 1.0: HOME is not set")
                .hint("set HOME to your own folder")
        })?;
        Ok(Self { catalog, home, steps, user_home })
    }

    pub async fn plan(&self, folders: &[PathBuf]) -> Result<MigrationPlan, Failure> {
        Ok(self.survey(folders).await?.plan)
    }

    pub async fn apply(&self, folders: &[PathBuf]) -> Result<Migrated, Failure> {
        let survey = self.survey(folders).await?;
        if !survey.plan.pending {
            return Ok(Migrated { plan: survey.plan, ..Migrated::default() });
        }
        let pending: Vec<&MigratedProject> =
            survey.plan.projects.iter().filter(|project| is_pending(project)).collect();
        let givers = self.givers(&survey.handed).await?;
        let mut journal = self.begin(&survey, &pending, &givers).await.map_err(|error| {
            Failure::from(
                Problem::new(
                    ErrorCode::Io,
                    format!("nothing was done, since no backup can be made: {error}"),
                )
                .hint(format!("{} must be writable for you", self.home.state.display())),
            )
        })?;
        let mut problems = vec![];
        for giver in &givers {
            self.give_up(&journal, giver).await?;
        }
        for project in &pending {
            match self.carry_out(&journal, project, &survey.handed).await {
                Ok(refused) => problems.extend(refused),
                Err(failure) => problems.extend(failure.problems.into_iter().map(|problem| Problem {
                    message: format!("{} is not moved over: {}", project.name, problem.message),
                    ..problem
                })),
            }
        }
        for giver in &givers {
            self.go_on(giver).await?;
        }
        let Survey { plan, connectors, .. } = survey;
        self.catalog.store.know_connectors(connectors).await?;
        self.steps.show_connectors().await?;
        journal.finish().map_err(|error| {
            let file = journal.folder().display();
            Failure::new(
                ErrorCode::Io,
                format!("all is moved over, but that can't be noted in {file}: {error}"),
            )
        })?;
        tracing::info!(backup = %journal.folder().display(), "moved over from KInfra 1.0");
        Ok(Migrated { plan, backup: Some(journal.folder().to_owned()), problems })
    }

    async fn begin(
        &self,
        survey: &Survey,
        pending: &[&MigratedProject],
        givers: &[Giver],
    ) -> io::Result<Journal> {
        let stored = self.catalog.store.projects().await.map_err(io::Error::other)?;
        let claims = self.catalog.ports.claims();
        let (mut writes, mut projects, mut noted) = (vec![], vec![], vec![]);
        for project in pending {
            let file = project.folder.join("kinfra.yaml");
            writes.extend(project.text.clone().map(|text| (file, Some(text))));
            let known = stored.iter().find(|known| known.folder == project.folder);
            projects.push(NotedProject { folder: project.folder.clone(), was_known: known.is_some() });
            for service in project.services.iter().filter(|service| is_given(service)) {
                let before = known.and_then(|known| main_claim(&claims, &known.slug, &service.name));
                let place = (project.folder.clone(), service.name.clone());
                noted.push(NotedClaim {
                    port: service.port.unwrap_or_default(),
                    certainty: survey.certainties.get(&place).copied(),
                    ..noted_claim(&project.folder, &service.name, before)
                });
            }
        }
        for giver in givers {
            giver.note(&mut writes, &mut projects, &mut noted).map_err(io::Error::other)?;
        }
        let connectors = survey.connectors.iter().map(|stored| (stored.pid, stored.start_time)).collect();
        let steps = NotedSteps { projects, claims: noted, connectors };
        let began_at = self.catalog.clock.wall_now();
        Journal::begin(&self.home.state, began_at, &survey.gathered.sources, &writes, steps)
    }

    async fn carry_out(
        &self,
        journal: &Journal,
        project: &MigratedProject,
        handed: &[Handed],
    ) -> Result<Vec<Problem>, Failure> {
        let file = project.folder.join("kinfra.yaml");
        if let Some(write) = journal.writes.iter().find(|write| write.path == file) {
            let _lock = project.generated.then(|| lock_of_python(&project.folder)).transpose().ok().flatten();
            journal.write(write).map_err(|error| {
                Problem::new(ErrorCode::Io, format!("cannot write {}: {error}", file.display()))
                    .hint("run kinfra migrate again")
            })?;
        }
        let imports = |spec: &ProjectSpec| -> Vec<Import> {
            let given = project.services.iter().filter(|service| is_given(service));
            let from = |service: &MigratedService| {
                let is_its = |handed: &&Handed| {
                    handed.taker == project.folder
                        && handed.service == service.name
                        && Some(handed.claim.port) == service.port
                };
                handed.iter().find(is_its).map(|handed| handed.claim.key.clone())
            };
            given.map(|service| Import { from: from(service), ..import(service, spec) }).collect()
        };
        self.steps.take_up(&project.folder, &imports).await
    }

    /// Reads everything; blocks for as long as the disk takes, on a thread for that.
    async fn survey(&self, folders: &[PathBuf]) -> Result<Survey, Failure> {
        let (user_home, generated) = (self.user_home.clone(), self.home.generated_projects());
        let folders = folders.iter().map(|folder| canonical(folder)).collect::<Result<Vec<_>, _>>()?;
        let projects = self.catalog.store.projects().await?;
        let claims = self.catalog.ports.claims();
        let boot = boot_id();
        let mut connectors = self.catalog.store.connectors().await?;
        connectors.retain(|stored| stored.boot == boot);
        let given = Journal::given(&self.home.state).into_iter().filter(|given| given.given_to.is_none());
        let given = given.filter_map(|given| {
            let is_its = |project: &&StoredProject| project.folder == given.folder;
            let project = projects.iter().find(is_its).filter(|_| !given.folder.starts_with(&generated))?;
            let NotedClaim { port, service, certainty, .. } = given;
            Some(GivenPort { port, project: project.slug.clone(), service, certainty })
        });
        let given = given.collect();
        let mut busy = BTreeSet::new();
        for project in &projects {
            let running = self.steps.busy(&project.slug).await?;
            busy.extend(running.into_iter().map(|service| (project.slug.clone(), service)));
        }
        let look = tokio::task::spawn_blocking(move || {
            let mut gathered = Gathered::of_home(&user_home);
            let mut looked: BTreeSet<PathBuf> = BTreeSet::new();
            for folder in folders {
                if looked.insert(folder.clone()) {
                    gathered.look_into(&folder);
                }
            }
            let running = Running::look(&ports(&gathered));
            for folder in running_in(&gathered, &running, &user_home) {
                if looked.insert(folder.clone()) {
                    gathered.look_into(&folder);
                }
            }
            let folder_of = |found: &crate::compat::FoundProject| folder_of(found, &running, &user_home);
            let drafts = drafts(&gathered, &folder_of);
            let configurations = configurations(&drafts, &projects, &generated);
            let known = Known { projects, claims, configurations, given, busy, connectors };
            let places = Places { home: &user_home, generated: &generated };
            let Planning { mut plan, handed } = plan(&drafts, &known, &running, places);
            plan.set_aside.splice(0..0, gathered.set_aside.iter().cloned());
            plan.files = gathered.sources.iter().map(|source| source.path.clone()).collect();
            let connectors = to_know(&drafts, &known, &running, &boot);
            let certainties = certainties(&drafts, &generated);
            Survey { gathered, plan, handed, certainties, connectors }
        });
        look.await.map_err(|panic| {
            Failure::new(ErrorCode::Internal, format!("cannot read the files of KInfra 1.0: {panic}"))
        })
    }
}

const fn is_given(service: &MigratedService) -> bool {
    matches!(service.step, PortStep::Keep | PortStep::Adopt) && service.port.is_some()
}

/// What the registry is asked for. A service that the configuration lacks has its port kept for when it is added.
fn import(service: &MigratedService, spec: &ProjectSpec) -> Import {
    let origin = if service.step == PortStep::Adopt { PortOrigin::Adopted } else { PortOrigin::Import };
    let hostname = service.public.first().cloned();
    let import = import_of(&service.name, service.port.unwrap_or_default(), spec);
    Import { origin, tunnel: service.tunnel.clone(), hostname, ..import }
}

/// A port for the main one of a service.
pub(super) fn import_of(name: &str, port: u16, spec: &ProjectSpec) -> Import {
    let is_its =
        |wanted: &Wanted| wanted.node == name && wanted.replica == 0 && wanted.protocol == Protocol::Tcp;
    let mut its: Vec<Wanted> =
        wanted_ports(&spec.services, spec.ports.range).into_iter().filter(is_its).collect();
    // The one with the usual name, else that which is declared first.
    its.sort_by_key(|wanted| wanted.name != MAIN_PORT);
    let wanted = its.into_iter().next().unwrap_or_else(|| Wanted {
        node: name.to_owned(),
        replica: 0,
        name: MAIN_PORT.to_owned(),
        protocol: Protocol::Tcp,
        ask: Ask::Preferred(vec![port], spec.ports.range),
    });
    Import { wanted, port, origin: PortOrigin::Import, tunnel: None, hostname: None, from: None }
}

/// A claim as it is before anything is done, to be put back as it was.
pub(super) fn noted_claim(folder: &Path, service: &str, before: Option<&Claim>) -> NotedClaim {
    NotedClaim {
        folder: folder.to_owned(),
        service: service.to_owned(),
        port: before.map(|claim| claim.port).unwrap_or_default(),
        before: before.map(|claim| (claim.port, claim.origin, claim.asked.clone())),
        former: before
            .map(|claim| (claim.former_tunnel.clone(), claim.former_hostname.clone()))
            .unwrap_or_default(),
        certainty: None,
        given_to: None,
    }
}

/// Every port that is told of.
fn ports(gathered: &Gathered) -> BTreeSet<u16> {
    let found = gathered.sources.iter().flat_map(|source| &source.reading.found);
    let of = |found: &Found| match found {
        Found::Port(found) => vec![found.port],
        Found::Project(found) => found.port.into_iter().collect(),
        Found::Tunnel(found) => found.rules.iter().map(|rule| rule.port).collect(),
    };
    let launched = gathered.launchers.iter().flat_map(|(_, launcher)| &launcher.services);
    found.flat_map(of).chain(launched.map(|service| service.port)).collect()
}

/// The folders in which old servers work.
fn running_in(gathered: &Gathered, running: &Running, user_home: &Path) -> Vec<PathBuf> {
    let found = gathered.sources.iter().flat_map(|source| &source.reading.found);
    let projects = found.filter_map(|found| match found {
        Found::Project(found) => folder_of(found, running, user_home),
        _ => None,
    });
    projects.collect()
}

/// Where the server of a project works, if it is the very one. A folder that holds all else says nothing.
fn folder_of(found: &crate::compat::FoundProject, running: &Running, user_home: &Path) -> Option<PathBuf> {
    let occupant = running.occupants.get(&found.port?)?;
    let folder =
        found.server.as_ref().filter(|server| is_server(server, occupant)).and(occupant.folder.clone())?;
    (folder.is_dir() && !user_home.starts_with(&folder)).then_some(folder)
}

/// Of those that are to be moved over, and of Python's own that are known.
fn configurations(
    drafts: &Drafts,
    projects: &[StoredProject],
    generated: &Path,
) -> BTreeMap<PathBuf, Configuration> {
    let known = projects.iter().map(|project| project.folder.clone());
    let folders = drafts.projects.iter().map(|draft| draft.place(generated));
    let folders = folders.chain(known.filter(|folder| folder.starts_with(generated)));
    folders.filter_map(|folder| Some((folder.clone(), configuration(&folder)?))).collect()
}

fn certainties(drafts: &Drafts, generated: &Path) -> BTreeMap<(PathBuf, String), Certainty> {
    let services = drafts.projects.iter().flat_map(|draft| {
        let folder = draft.place(generated);
        draft.services.iter().map(move |service| ((folder.clone(), service.name.clone()), service.certainty))
    });
    services.collect()
}

/// That of just this folder.
fn configuration(folder: &Path) -> Option<Configuration> {
    let wanted = folder.join("kinfra.yaml");
    if fs::symlink_metadata(&wanted).is_ok() && !wanted.is_file() {
        let why = "kinfra.yaml is there and is no file".to_owned();
        return Some(Configuration { text: String::new(), content: Err(why) });
    }
    let file = match find(folder) {
        Ok(file) if file.parent() == Some(folder) => file,
        Ok(_) => return None,
        Err(problem) if problem.code == ErrorCode::ConfigAmbiguous => {
            return Some(Configuration { text: String::new(), content: Err(problem.message) });
        }
        Err(_) => return None,
    };
    let text = fs::read_to_string(&file).unwrap_or_default();
    let content = load_file(&file)
        .map(|spec| content(&spec))
        .map_err(|problems| problems.first().map_or_else(String::new, |problem| problem.message.clone()));
    Some(Configuration { text, content })
}

fn content(spec: &ProjectSpec) -> Content {
    let fixed = |service: &ServiceSpec| match service.ports.first().map(|port| &port.choice) {
        Some(PortChoice::Fixed(port)) => Some(*port),
        _ => None,
    };
    Content { services: spec.services.iter().map(|service| (service.name.clone(), fixed(service))).collect() }
}

fn canonical(folder: &Path) -> Result<PathBuf, Problem> {
    fs::canonicalize(folder).map_err(|error| {
        Problem::new(ErrorCode::FolderMissing, format!("cannot look into {}: {error}", folder.display()))
            .hint("give the folder of a project that used KInfra 1.0")
    })
}

/// The Python package changes its files under this lock, too.
pub(super) fn lock_of_python(folder: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let file =
        File::options().read(true).write(true).create(true).truncate(false).open(folder.join(".lock"))?;
    file.lock()?;
    Ok(file)
}
