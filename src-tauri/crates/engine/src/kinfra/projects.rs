//! Projects: made known, read again, forgotten.
//!
//! Theory of operation: the configuration is read on every Start, so that what a person just saved counts. One that
//! can't be read changes nothing but the project's problems: what runs goes on, with the last good one. Loading takes
//! turns, so two clicks at once can't make a service twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use kinfra_rpc::{Failure, Problem, ProjectAdded, ProjectState, Wanted};

use super::adoption::Adoption;
use super::catalog::{Admission, NewProject, read, root};
use super::engine::{Engine, Project};
use super::instances::{bare, facts, graph, wanted_ports};
use super::migration::Imports;
use crate::config::{ProjectSpec, Selection, is_current};
use crate::orchestrator::{Changes, Command, Node, Stack, StackContext};
use crate::port_registry::InstancePorts;
use crate::service_manager::{Former, Instance, InstanceFacts, ServiceNode};
use crate::store::StoredProject;

impl Engine {
    /// Answers with what is to be started, by project: what ran when the last engine ended, where that is wished;
    /// and where it was killed in the midst of a start, what it had still to do.
    pub async fn load_all(&self, adoption: &mut Adoption) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let _turn = self.catalog.loading.lock().await;
        let mut unfinished = vec![];
        for (stored, spec) in self.catalog.projects().await? {
            let slug = stored.slug.clone();
            let (spec, problems) = match spec {
                Ok(spec) => (Some(spec), vec![]),
                Err(problems) => (None, problems),
            };
            unfinished.push((slug, self.load(stored, spec, problems, Some(adoption)).await?));
        }
        self.settle_names().await;
        Ok(unfinished)
    }

    pub async fn add_project(&self, folder: &Path) -> Result<ProjectAdded, Failure> {
        Ok(self.add_with(folder, None).await?.0)
    }

    /// The same for one whose services had ports with KInfra 1.0. Gives those that can't be had, too.
    pub(super) async fn add_with(
        &self,
        folder: &Path,
        imports: Option<&Imports<'_>>,
    ) -> Result<(ProjectAdded, Vec<Problem>), Failure> {
        self.refuse_when_ending()?;
        let turn = self.catalog.loading.lock().await;
        // The database need not be asked for what is here.
        let admission = match self.project_in(&root(folder)?.1) {
            Some(slug) => Err(slug),
            None => Ok(self.catalog.admit(folder).await?),
        };
        let slug = match admission {
            Err(slug) => slug,
            Ok(Admission::New(NewProject { stored, spec, namesake })) => {
                let project = stored.slug.clone();
                // Before any port is chosen: the old ones may be all that there are.
                let imports = imports.map(|imports| imports(&spec)).unwrap_or_default();
                let refused = self.catalog.import(&project, imports).await?;
                self.load(stored, Some(*spec), vec![], None).await?;
                self.settle_names().await;
                return Ok((ProjectAdded { project, namesake }, refused));
            }
            Ok(Admission::Moved(stored)) => {
                let project = self.project(&stored.slug)?;
                project.instance.change(|facts| facts.folder.clone_from(&stored.folder));
                let (stack, spec) = (&project.stack, project.spec.as_deref());
                let watch = self.watch_configuration(stack, &stored.slug, &stored.folder, spec);
                if let Some(project) = self.projects().get_mut(&stored.slug) {
                    project.watch = watch;
                }
                stored.slug
            }
            Ok(Admission::Known(stored)) => stored.slug,
        };
        // Who moves over, or back, may have had another one's port, or lost one.
        let is_import = imports.is_some();
        let imports = match imports {
            None => vec![],
            Some(imports) => {
                let folder = self.project(&slug)?.instance.facts().folder.clone();
                // What is wrong with it is told below, beside the project as well.
                read(&folder).map(|spec| imports(&spec)).unwrap_or_default()
            }
        };
        let refused = self.catalog.import(&slug, imports).await?;
        drop(turn);
        self.refresh(&slug).await?;
        if is_import {
            self.claim_again(&self.project(&slug)?).await?;
        }
        Ok((ProjectAdded { project: slug, namesake: None }, refused))
    }

    /// The slug of the known project in this very folder.
    fn project_in(&self, folder: &Path) -> Option<String> {
        let projects = self.projects();
        let found = projects.iter().find(|(_, project)| project.instance.facts().folder == folder);
        found.map(|(slug, _)| slug.clone())
    }

    /// Reads a project's configuration again.
    ///
    /// # Errors
    /// What is wrong with it, which is shown beside the project as well.
    pub async fn refresh(&self, slug: &str) -> Result<(), Failure> {
        let _turn = self.catalog.loading.lock().await;
        let project = self.project(slug)?;
        if project.spec.as_ref().is_some_and(|spec| is_in_effect(spec, &project.instance.facts())) {
            project.stack.tell(Command::Differs(vec![])).await;
            return Ok(());
        }
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
        mut spec: Option<ProjectSpec>,
        mut problems: Vec<Problem>,
        mut adoption: Option<&mut Adoption>,
    ) -> Result<Vec<String>, Failure> {
        let slug = stored.slug.clone();
        let mut specs = spec.as_ref().map(|spec| spec.services.clone()).unwrap_or_default();
        // A run whose service the configuration no longer has can still be stopped.
        for node in adoption.as_ref().map(|adoption| adoption.nodes(&slug)).unwrap_or_default() {
            if !specs.iter().any(|service| service.name == node) {
                specs.push(Arc::new(bare(&node, &stored.folder)));
            }
        }
        let range = spec.as_ref().and_then(|spec| spec.ports.range);
        let wanted = wanted_ports(&specs, range);
        // One project whose ports can't be had keeps no other from being loaded.
        let ports = match self.catalog.ports.claim(&slug, wanted.clone()).await {
            Ok(ports) => ports,
            Err(failure) => {
                problems.extend(failure.problems.clone());
                // It is to be taken up again.
                spec = spec.map(|spec| ProjectSpec { text: Arc::default(), ..spec });
                InstancePorts::refused(&wanted, &failure)
            }
        };
        let mut facts = facts(&stored, spec.as_ref(), &specs, ports, self.proxy.port());
        facts.data = self.services.home.project_data(&slug);
        facts.taken_names = self.taken_names(&facts).await;
        facts.maintenance = self.store.maintenance(slug.clone()).await?;
        let desired = self.store.desired(slug.clone()).await?;
        facts.shared = self.shared_at_first(&facts, &desired).await?;
        // Without a configuration nobody knows which files it wants.
        if spec.is_some() {
            let names = specs.iter().map(|service| &*service.name);
            problems.extend(self.catalog.keep_env_files(&facts, names).await);
        }
        let instance = Instance::new(facts);
        let changed = Arc::new(Changes::default());
        let mut services = IndexMap::new();
        let mut wanted = BTreeSet::new();
        let latest = self.store.latest_runs(slug.clone()).await?;
        for service in specs {
            let latest = latest.get(&service.name);
            let former = match &mut adoption {
                Some(adoption) => {
                    let is_desired = desired.contains(&service.name);
                    adoption.take(&self.services, &slug, &service.name, latest, is_desired).await
                }
                None => Former::Nothing,
            };
            // What was being stopped is stopped, what was being restarted is started again.
            let is_wanted = match &former {
                Former::Running(run) => run.ending != Some(Wanted::Stopped),
                Former::Ended(_) => true,
                Former::Nothing => false,
            };
            if is_wanted {
                wanted.insert(service.name.clone());
            }
            let newest = latest.map_or(0, |latest| latest.number);
            let node =
                ServiceNode::new(&self.services, &instance, service, newest, former, Arc::clone(&changed));
            services.insert(node.name().to_owned(), node);
        }
        let mut unfinished = desired;
        unfinished.retain(|name| services.contains_key(name) && !wanted.contains(name));
        if wanted.is_empty() && !self.options.restore {
            unfinished.clear();
        }
        let state = state(&slug, &stored.name, &stored.folder, spec.as_ref(), problems);
        let context = StackContext { hub: Arc::clone(&self.hub), store: self.store.clone() };
        let graph = spec.as_ref().map(graph).unwrap_or_default();
        let stack = Stack::spawn(context, state, graph, nodes(&services), Arc::clone(&changed), wanted);
        let selection = Arc::new(spec.as_ref().map(Selection::new).unwrap_or_default());
        let watch = self.watch_configuration(&stack, &slug, &stored.folder, spec.as_ref());
        let applying = Arc::default();
        let spec = spec.map(Arc::new);
        let project = Project { stack, instance, services, changed, selection, spec, applying, watch };
        self.projects().insert(slug, project);
        Ok(unfinished)
    }

    /// Another configuration for a project that is known. What runs goes on, and takes it up with its next start.
    pub(super) async fn replace(&self, project: Project, spec: ProjectSpec) -> Result<(), Failure> {
        let before = project.instance.facts();
        let slug = before.slug.clone();
        let ports = self.catalog.claim(&slug, &spec).await?;
        let latest = self.store.latest_runs(slug.clone()).await?;
        let mut services = IndexMap::new();
        for service in &spec.services {
            let node = if let Some(node) = project.services.get(&service.name) {
                node.configure(Arc::clone(service));
                Arc::clone(node)
            } else {
                let newest = latest.get(&service.name).map_or(0, |latest| latest.number);
                let (instance, changed) = (&project.instance, Arc::clone(&project.changed));
                let service = Arc::clone(service);
                ServiceNode::new(&self.services, instance, service, newest, Former::Nothing, changed)
            };
            services.insert(service.name.clone(), node);
        }
        let stored =
            StoredProject { slug: slug.clone(), name: spec.name.clone(), folder: before.folder.clone() };
        let mut after = facts(&stored, Some(&spec), &spec.services, ports, self.proxy.port());
        after.data.clone_from(&before.data);
        after.taken_names = self.taken_names(&after).await;
        let problems = self.catalog.keep_env_files(&after, services.keys().map(String::as_str)).await;
        project.instance.change(|facts| {
            after.maintenance = std::mem::take(&mut facts.maintenance);
            after.shared = std::mem::take(&mut facts.shared);
            after.told = std::mem::take(&mut facts.told);
            *facts = after;
        });
        let state = state(&slug, &spec.name, &before.folder, Some(&spec), problems);
        let (graph, nodes) = (graph(&spec), nodes(&services));
        project.stack.tell(Command::Replace { state, graph, nodes }).await;
        let selection = Arc::new(Selection::new(&spec));
        let watch = if project.watch.is_of(&before.folder, Some(&spec)) {
            project.watch.clone()
        } else {
            self.watch_configuration(&project.stack, &slug, &before.folder, Some(&spec))
        };
        let spec = Some(Arc::new(spec));
        self.projects().insert(slug, Project { services, selection, spec, watch, ..project });
        self.settle_names().await;
        Ok(())
    }
}

/// Whether taking the configuration up again would change nothing: neither its file nor what else it depends on is
/// different. Files that are written for others may have been changed by them.
fn is_in_effect(spec: &ProjectSpec, facts: &InstanceFacts) -> bool {
    spec.ports.env_files.is_empty() && facts.conflicts.is_empty() && is_current(spec)
}

fn state(
    slug: &str,
    name: &str,
    folder: &Path,
    spec: Option<&ProjectSpec>,
    problems: Vec<Problem>,
) -> ProjectState {
    let (slug, name, folder) = (slug.to_owned(), name.to_owned(), folder.to_owned());
    let groups = spec.map(|spec| spec.groups.iter().cloned().collect()).unwrap_or_default();
    let profiles = spec.map(profiles).unwrap_or_default();
    ProjectState { slug, name, folder, groups, profiles, problems, ..ProjectState::default() }
}

/// Which services each profile stands for, in the order of the configuration.
fn profiles(spec: &ProjectSpec) -> BTreeMap<String, Vec<String>> {
    let mut profiles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for service in &spec.services {
        for profile in &service.profiles {
            profiles.entry(profile.clone()).or_default().push(service.name.clone());
        }
    }
    profiles
}

fn nodes(services: &IndexMap<String, Arc<ServiceNode>>) -> IndexMap<String, Arc<dyn Node>> {
    services.iter().map(|(name, node)| (name.clone(), Arc::clone(node) as Arc<dyn Node>)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    #[test]
    fn the_state_of_a_project_names_its_profiles_with_their_services() {
        let text = "
services:
  db: {run: serve}
  mail: {run: serve, profiles: [dev, bench]}
  load: {run: serve, profiles: [bench]}
";
        let spec = parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap();
        let known = |spec| state("shop", "shop", "/shop".as_ref(), spec, vec![]).profiles;
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let expected = [("bench".to_owned(), named(&["mail", "load"])), ("dev".to_owned(), named(&["mail"]))];
        assert_eq!(known(Some(&spec)), BTreeMap::from(expected));
        assert_eq!(known(None), BTreeMap::new());
    }
}
