//! What services printed, where no engine runs.
//!
//! Theory of operation: the home's lock is held for the moment in which it is looked at what is stored. Then the files
//! alone are read, which needs no lock: whoever reads may stay for hours, in a pager say, and an engine that begins
//! meanwhile waits for nobody.

use std::collections::{BTreeMap, HashMap};
use std::fs::read_dir;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{
    ErrorCode, Failure, ListRuns, LogPage, LogRun, LogRuns, NodeState, Problem, ReadLogs, Request, Snapshot,
};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use super::commands::reply;
use super::instances::facts;
use super::logs::{deadline, folders, kept_runs, page, runs_on};
use super::offline::{Offline, Reached, no_engine, reach};
use crate::config::{ProjectSpec, Selection, ServiceSpec};
use crate::control::{Client, Dispatch, Updates};
use crate::home::Home;
use crate::logs::{LogReader, Redactor};
use crate::port_registry::InstancePorts;
use crate::secrets::Secrets;
use crate::service_manager::{Given, InstanceFacts, known_at_rest};
use crate::store::StoredProject;

/// Nobody tells of what a keeper writes, so it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A home's logs.
struct Printed {
    home: Home,
    snapshot: Snapshot,
    projects: BTreeMap<String, AtRest>,
    given: Given,
    vault: Secrets,
}

struct AtRest {
    names: Vec<String>,
    services: Vec<Arc<ServiceSpec>>,
    selection: Selection,
    facts: Arc<InstanceFacts>,
    /// By service and number, when it began.
    started: HashMap<(String, u64), u64>,
    redactor: OnceCell<Arc<Redactor>>,
}

/// The engine of a home if one runs; else its files of logs, read-only, with what a person should know of what is stored
/// there.
///
/// # Errors
/// When neither can be had.
pub async fn connect_or_read(
    home: &Home,
    environment: &BTreeMap<String, String>,
) -> Result<(Client, Vec<Problem>), Failure> {
    Ok(match reach(home, environment).await? {
        Reached::Engine(client) => (client, vec![]),
        Reached::Home(offline, problems) => {
            let printed = Printed::of(*offline).await?;
            (Client::local(Arc::new(printed)), problems)
        }
    })
}

impl Printed {
    async fn of(offline: Offline) -> Result<Self, Failure> {
        let (given, mut snapshot) = (offline.given()?, offline.snapshot().await?);
        let mut projects = BTreeMap::new();
        for (stored, spec) in offline.catalog.projects().await? {
            let started = offline.catalog.store.all_runs_started(stored.slug.clone()).await?;
            let facts = match &spec {
                Ok(spec) => offline.facts(&stored, spec).await.ok(),
                Err(_) => None,
            };
            let at_rest = AtRest::new(&offline.home, &stored, spec.as_ref().ok(), facts, started);
            // Of a configuration that can't be read it is not known which services there are.
            if let Some(shown) = snapshot.projects.iter_mut().find(|shown| shown.slug == stored.slug)
                && shown.nodes.is_empty()
            {
                let node = |name: &String| NodeState { name: name.clone(), ..NodeState::default() };
                shown.nodes = at_rest.names.iter().map(node).collect();
            }
            projects.insert(stored.slug, at_rest);
        }
        Ok(Self { home: offline.home, vault: offline.vault, snapshot, projects, given })
    }

    fn project(&self, slug: &str) -> Result<&AtRest, Failure> {
        self.projects
            .get(slug)
            .ok_or_else(|| Failure::new(ErrorCode::UnknownProject, format!("no project is named {slug}")))
    }

    async fn answer(&self, request: Request) -> Result<Value, Failure> {
        match request {
            Request::TakeSnapshot(take) => reply(&take, self.snapshot.clone()),
            Request::ReadLogs(read) => reply(&read, self.read_logs(&read).await?),
            Request::ListRuns(list) => reply(&list, self.list_runs(&list).await?),
            other => Err(no_engine(other.name())),
        }
    }

    async fn read_logs(&self, request: &ReadLogs) -> Result<LogPage, Failure> {
        let project = self.project(&request.project)?;
        let mut request = request.clone();
        request.filter.services = project.named(&request.filter.services)?;
        let folders = folders(&self.home, &request.project, project.names.iter(), &request.filter.services);
        let reader = LogReader::new(folders, self.redactor(project).await);
        let deadline = deadline(request.wait_ms);
        loop {
            let mut page = page(&reader, &request).await?;
            if !page.lines.is_empty() || Instant::now() >= deadline {
                let began = |(service, run)| {
                    let started_at = *project.started.get(&(String::clone(&service), run))?;
                    Some(LogRun { service, run, started_at })
                };
                page.runs = runs_on(&page).into_iter().filter_map(began).collect();
                return Ok(page);
            }
            if request.after.is_some() {
                request.after = Some(page.cursor);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn list_runs(&self, request: &ListRuns) -> Result<LogRuns, Failure> {
        let project = self.project(&request.project)?;
        let services = project.named(&request.services)?;
        let folders = folders(&self.home, &request.project, project.names.iter(), &services);
        let runs = kept_runs(folders).await?.into_iter().map(|(service, known)| {
            let started = project.started.get(&(service.clone(), known.run)).copied();
            LogRun { service, run: known.run, started_at: started.unwrap_or(known.first) }
        });
        Ok(LogRuns { runs: runs.collect() })
    }

    /// A keyring may take its time, so it is asked for the project that is read and for no other.
    async fn redactor(&self, project: &AtRest) -> Arc<Redactor> {
        let known = || async {
            let known = known_at_rest(&project.services, &project.facts, &self.given, &self.vault).await;
            known.redactor(&project.facts.slug)
        };
        Arc::clone(project.redactor.get_or_init(known).await)
    }
}

impl AtRest {
    fn new(
        home: &Home,
        stored: &StoredProject,
        spec: Option<&ProjectSpec>,
        known: Option<InstanceFacts>,
        started: HashMap<(String, u64), u64>,
    ) -> Self {
        let services = spec.map(|spec| spec.services.clone()).unwrap_or_default();
        // Those of a project without ports, where these can't be had.
        let facts = known.unwrap_or_else(|| facts(stored, spec, &services, InstancePorts::default(), None));
        let names = match spec {
            Some(_) => services.iter().map(|service| service.name.clone()).collect(),
            None => with_logs(home, &stored.slug),
        };
        let selection = spec.map(Selection::new).unwrap_or_default();
        Self { names, services, selection, facts: Arc::new(facts), started, redactor: OnceCell::new() }
    }

    fn named(&self, names: &[String]) -> Result<Vec<String>, Failure> {
        let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
        Ok(self.selection.named(names, &known, &self.facts.slug)?)
    }
}

/// The services of a project of which something is kept.
fn with_logs(home: &Home, slug: &str) -> Vec<String> {
    let entries = read_dir(home.logs().join(slug)).into_iter().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

impl Dispatch for Printed {
    fn dispatch(&self, request: Request) -> BoxFuture<'_, Result<Value, Failure>> {
        self.answer(request).boxed()
    }

    fn watch(&self) -> BoxFuture<'_, Result<Updates, Failure>> {
        async { Err(no_engine("state.watch")) }.boxed()
    }
}
