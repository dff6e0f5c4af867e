//! Projects: made known, read again, forgotten.
//!
//! Theory of operation: the configuration is read on every Start, so that what a person just saved counts. One that
//! can't be read changes nothing but the project's problems: what runs goes on, with the last good one. Loading takes
//! turns, so two clicks at once can't make a service twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use kinfra_rpc::{ErrorCode, Failure, Problem, ProjectAdded, ProjectState};
use tokio::sync::Notify;

use super::adoption::Adoption;
use super::engine::{Engine, Project};
use super::instances::{bare, facts, graph, unique_slug, wanted_ports};
use crate::config::{ProjectSpec, ServiceSpec, find, load_file};
use crate::orchestrator::{Command, Node, Stack, StackContext};
use crate::service_manager::{AdoptedRun, Instance, ServiceNode};
use crate::store::StoredProject;

impl Engine {
    pub async fn load_all(&self, adoption: &mut Adoption) -> Result<(), Failure> {
        let _turn = self.loading.lock().await;
        for stored in self.store.projects().await? {
            let (spec, problems) = match read(&stored.folder) {
                Ok(spec) => (Some(spec), vec![]),
                Err(problems) => (None, problems),
            };
            self.load(stored, spec, problems, Some(adoption)).await?;
        }
        Ok(())
    }

    pub async fn add_project(&self, folder: &Path) -> Result<ProjectAdded, Failure> {
        self.refuse_when_ending()?;
        let file = find(folder)?;
        let folder = canonical(file.parent().unwrap_or(folder))?;
        let known = self.store.projects().await?;
        if let Some(known) = known.iter().find(|known| known.folder == folder) {
            self.refresh(&known.slug).await?;
            return Ok(ProjectAdded { project: known.slug.clone() });
        }
        let turn = self.loading.lock().await;
        let spec = load_file(&folder.join(file.file_name().unwrap_or_default()))?;
        // Read again under the lock: another one may have been added meanwhile.
        let known = self.store.projects().await?;
        if known.iter().any(|known| known.folder == folder) {
            drop(turn);
            return Box::pin(self.add_project(&folder)).await;
        }
        let taken: Vec<&str> = known.iter().map(|known| known.slug.as_str()).collect();
        let slug = unique_slug(&spec.slug, &folder, &taken);
        let stored = StoredProject { slug: slug.clone(), name: spec.name.clone(), folder };
        self.store.add_project(stored.clone(), self.clock.now()).await?;
        self.load(stored, Some(spec), vec![], None).await?;
        tracing::info!(project = slug, "added");
        Ok(ProjectAdded { project: slug })
    }

    /// Reads a project's configuration again.
    ///
    /// # Errors
    /// What is wrong with it, which is shown beside the project as well.
    pub async fn refresh(&self, slug: &str) -> Result<(), Failure> {
        let _turn = self.loading.lock().await;
        let project = self.project(slug)?;
        match read(&project.instance.facts().folder) {
            Ok(spec) => self.replace(project, spec).await,
            Err(problems) => {
                project.stack.tell(Command::Problems(problems.clone())).await;
                Err(problems.into())
            }
        }
    }

    /// Makes a project of the store known to everybody.
    async fn load(
        &self,
        stored: StoredProject,
        spec: Option<ProjectSpec>,
        problems: Vec<Problem>,
        mut adoption: Option<&mut Adoption>,
    ) -> Result<(), Failure> {
        let slug = stored.slug.clone();
        let mut specs = spec.as_ref().map(|spec| spec.services.clone()).unwrap_or_default();
        // A run whose service the configuration no longer has can still be stopped.
        for node in adoption.as_ref().map(|adoption| adoption.nodes(&slug)).unwrap_or_default() {
            if !specs.iter().any(|service| service.name == node) {
                specs.push(bare(&node, &stored.folder));
            }
        }
        let ports = self.ports.claim(&slug, &wanted_ports(&specs)).await?;
        let instance = Instance::new(facts(&stored, spec.as_ref(), &specs, ports, self.proxy.port()));
        let changed = Arc::new(Notify::new());
        let mut services = IndexMap::new();
        let mut wanted = std::collections::BTreeSet::new();
        for service in specs {
            let adopted = match &mut adoption {
                Some(adoption) => adoption.take(&self.services, &slug, &service.name).await,
                None => None,
            };
            wanted.extend(adopted.as_ref().map(|_| service.name.clone()));
            let node = self.node(&instance, service, adopted, &changed).await?;
            services.insert(node.name().to_owned(), node);
        }
        let state = state(&slug, &stored.name, &stored.folder, problems);
        let context = StackContext { hub: Arc::clone(&self.hub), store: self.store.clone() };
        let graph = spec.as_ref().map(graph).unwrap_or_default();
        let stack = Stack::spawn(context, state, graph, nodes(&services), Arc::clone(&changed), wanted);
        let project = Project { stack, instance, services, changed };
        self.projects().insert(slug, project);
        Ok(())
    }

    /// Another configuration for a project that is known. What runs goes on, and takes it up with its next start.
    async fn replace(&self, project: Project, spec: ProjectSpec) -> Result<(), Failure> {
        let before = project.instance.facts();
        let slug = before.slug.clone();
        let ports = self.ports.claim(&slug, &wanted_ports(&spec.services)).await?;
        let mut services = IndexMap::new();
        for service in &spec.services {
            let node = if let Some(node) = project.services.get(&service.name) {
                node.configure(service.clone());
                Arc::clone(node)
            } else {
                self.node(&project.instance, service.clone(), None, &project.changed).await?
            };
            services.insert(service.name.clone(), node);
        }
        let stored =
            StoredProject { slug: slug.clone(), name: spec.name.clone(), folder: before.folder.clone() };
        let after = facts(&stored, Some(&spec), &spec.services, ports, self.proxy.port());
        project.instance.change(|facts| *facts = after);
        let state = state(&slug, &spec.name, &before.folder, vec![]);
        let (graph, nodes) = (graph(&spec), nodes(&services));
        project.stack.tell(Command::Replace { state, graph, nodes }).await;
        self.projects().insert(slug, Project { services, ..project });
        Ok(())
    }

    async fn node(
        &self,
        instance: &Arc<Instance>,
        service: ServiceSpec,
        adopted: Option<AdoptedRun>,
        changed: &Arc<Notify>,
    ) -> Result<Arc<ServiceNode>, Failure> {
        let newest = self.store.newest_run(instance.facts().slug.clone(), service.name.clone()).await?;
        Ok(ServiceNode::new(&self.services, instance, service, newest, adopted, Arc::clone(changed)))
    }
}

/// The configuration of just this folder: one of a folder above would be another project.
fn read(folder: &Path) -> Result<ProjectSpec, Vec<Problem>> {
    let file = find(folder).map_err(|problem| vec![problem])?;
    if file.parent() != Some(folder) {
        let message = format!("{} has no kinfra.yaml any more", folder.display());
        let problem = Problem::new(ErrorCode::ConfigMissing, message);
        return Err(vec![problem.hint("put it back, or forget the project: kinfra remove")]);
    }
    load_file(&file)
}

fn canonical(folder: &Path) -> Result<PathBuf, Problem> {
    fs::canonicalize(folder).map_err(|error| {
        Problem::new(ErrorCode::FolderMissing, format!("cannot look into {}: {error}", folder.display()))
    })
}

fn state(slug: &str, name: &str, folder: &Path, problems: Vec<Problem>) -> ProjectState {
    let (slug, name, folder) = (slug.to_owned(), name.to_owned(), folder.to_owned());
    ProjectState { slug, name, folder, problems, ..ProjectState::default() }
}

fn nodes(services: &IndexMap<String, Arc<ServiceNode>>) -> IndexMap<String, Arc<dyn Node>> {
    services.iter().map(|(name, node)| (name.clone(), Arc::clone(node) as Arc<dyn Node>)).collect()
}
