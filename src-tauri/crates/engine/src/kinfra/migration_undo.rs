//! A migration taken back. What somebody has changed since stays, and so does what runs.
//!
//! Theory of operation: all projects of a migration are taken back together, since one may have what another had given up.
//! Broken off in between, nobody else may read a file that asks for what was taken back. So projects that were new are
//! forgotten first; then come the files; then those that were known have the ports that they had, and at last whoever gave
//! something up gets it again, unless the one that has it stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Failure, MigrationUndone, PortOrigin, Problem};

use super::engine::Engine;
use super::migration::{Imports, Migrator, Steps, import_of, lock_of_python};
use crate::compat::{Journal, NotedClaim, NotedProject, NotedWrite, TakenBack};
use crate::config::ProjectSpec;
use crate::port_registry::Import;
use crate::store::{Claim, ClaimKey};

/// Whether more can be taken back by trying again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Final,
    /// Something runs.
    Again,
}

/// What is going to be taken back.
struct Undoing<'j> {
    journal: &'j Journal,
    projects: Vec<&'j NotedProject>,
    /// By folder.
    slugs: BTreeMap<&'j Path, String>,
    /// The folders of those that stay as they are now.
    stay: BTreeSet<&'j Path>,
}

impl Undoing<'_> {
    /// What a project had given up, and gets again.
    fn given_up(&self, folder: &Path) -> Vec<&NotedClaim> {
        let its = self.journal.claims.iter().filter(|claim| claim.folder == folder);
        let is_free =
            |claim: &&NotedClaim| claim.given_to.as_deref().is_some_and(|taker| !self.stay.contains(taker));
        its.filter(is_free).collect()
    }

    /// Whether something that it gave up stays where it is.
    fn is_held(&self, folder: &Path) -> bool {
        let mut its = self.journal.claims.iter().filter(|claim| claim.folder == folder);
        its.any(|claim| claim.given_to.as_deref().is_some_and(|taker| self.stay.contains(taker)))
    }
}

impl Migrator<'_> {
    pub async fn undo(&self) -> Result<MigrationUndone, Failure> {
        let mut undone = MigrationUndone::default();
        loop {
            let journal =
                Journal::last(&self.home.state).map_err(|error| unreadable(&self.home.state, &error))?;
            // One that broke off before this one is a part of it.
            let journal = journal.filter(|journal| !undone.found || !journal.is_done());
            let Some(mut journal) = journal else { return Ok(undone) };
            undone.found = true;
            if self.take_back(&journal, &mut undone).await? == End::Again {
                undone.kept.push("stop what runs, then run kinfra migrate --undo again".to_owned());
                return Ok(undone);
            }
            self.catalog.store.forget_connectors(journal.connectors.clone()).await?;
            let pids: Vec<String> = journal.connectors.iter().map(|(pid, _)| pid.to_string()).collect();
            if !pids.is_empty() {
                undone
                    .done
                    .push(format!("cloudflared (pid {}) runs on, and is KInfra's no more", pids.join(", ")));
            }
            self.steps.show_connectors().await?;
            journal.undone().map_err(|error| unreadable(journal.folder(), &error))?;
        }
    }

    async fn take_back(&self, journal: &Journal, undone: &mut MigrationUndone) -> Result<End, Failure> {
        let (undoing, end) = self.look(journal, undone).await?;
        let new = undoing.projects.iter().filter(|noted| !noted.was_known);
        for noted in new {
            if let Some(slug) = undoing.slugs.get(&*noted.folder) {
                self.steps.forget(slug).await?;
                undone.done.push(format!("{slug} is forgotten with its ports"));
            }
        }
        for noted in &undoing.projects {
            self.take_file_back(&undoing, noted, undone)?;
        }
        self.take_ports_back(&undoing, undone).await?;
        for noted in &undoing.projects {
            if noted.was_known {
                self.give_back(&undoing, noted, undone).await?;
            } else if noted.folder.starts_with(self.home.generated_projects()) {
                // Only what the migration made there; a folder with more in it stays.
                let _ = fs::remove_file(noted.folder.join(".lock"));
                let _ = fs::remove_dir(&noted.folder);
                let _ = fs::remove_dir(self.home.generated_projects());
            }
        }
        Ok(end)
    }

    /// Which can be taken back, and which stay.
    async fn look<'j>(
        &self,
        journal: &'j Journal,
        undone: &mut MigrationUndone,
    ) -> Result<(Undoing<'j>, End), Failure> {
        let known = self.catalog.store.projects().await?;
        let mut undoing =
            Undoing { journal, projects: vec![], slugs: BTreeMap::new(), stay: BTreeSet::new() };
        let mut end = End::Final;
        for noted in &journal.projects {
            let folder = noted.folder.as_path();
            let slug = known.iter().find(|known| known.folder == folder).map(|known| known.slug.clone());
            let is_changed = match write_of(journal, noted) {
                Some(write) => journal.is_changed(write).map_err(|error| unreadable(&write.path, &error))?,
                None => false,
            };
            if is_changed {
                let file = folder.join("kinfra.yaml");
                undone.kept.push(format!("{} was changed since, and stays with its ports", file.display()));
                undoing.stay.insert(folder);
                // What it gave up is its own all the same.
                undoing.projects.extend(noted.was_known.then_some(noted));
            } else if let Some(slug) = &slug
                && let busy = self.in_the_way(journal, noted, slug).await?
                && !busy.is_empty()
            {
                undone.kept.push(format!("{slug}: {} runs (kinfra down --project {slug})", busy.join(", ")));
                undoing.stay.insert(folder);
                end = End::Again;
            } else {
                undoing.projects.push(noted);
            }
            undoing.slugs.extend(slug.map(|slug| (folder, slug)));
        }
        Ok((undoing, end))
    }

    /// What has to be at rest. A project that only gave something up has all else left alone.
    async fn in_the_way(
        &self,
        journal: &Journal,
        noted: &NotedProject,
        slug: &str,
    ) -> Result<Vec<String>, Failure> {
        let its = || journal.claims.iter().filter(|claim| claim.folder == noted.folder);
        let is_giver = its().next().is_some() && its().all(|claim| claim.given_to.is_some());
        let matters = |name: &String| !is_giver || its().any(|claim| claim.service == *name);
        Ok(self.steps.busy(slug).await?.into_iter().filter(matters).collect())
    }

    fn take_file_back(
        &self,
        undoing: &Undoing<'_>,
        noted: &NotedProject,
        undone: &mut MigrationUndone,
    ) -> Result<(), Failure> {
        let write = write_of(undoing.journal, noted).filter(|_| !undoing.stay.contains(&*noted.folder));
        let Some(write) = write else { return Ok(()) };
        let shown = write.path.display();
        if undoing.is_held(&noted.folder) {
            undone.kept.push(format!("{shown} stays as it is, since others keep what it gave up"));
            return Ok(());
        }
        let is_generated = noted.was_known && noted.folder.starts_with(self.home.generated_projects());
        let _lock = is_generated.then(|| lock_of_python(&noted.folder)).transpose().ok().flatten();
        match undoing.journal.take_back(write).map_err(|error| unreadable(&write.path, &error))? {
            TakenBack::Done if Journal::is_new(write) => undone.done.push(format!("{shown} is gone again")),
            TakenBack::Done => undone.done.push(format!("{shown} is as it was before")),
            TakenBack::Changed => undone.kept.push(format!("{shown} was changed since, and stays")),
        }
        Ok(())
    }

    async fn take_ports_back(
        &self,
        undoing: &Undoing<'_>,
        undone: &mut MigrationUndone,
    ) -> Result<(), Failure> {
        let claims = self.catalog.ports.claims();
        let mut imported = vec![];
        let known = undoing.projects.iter().filter(|noted| noted.was_known);
        for noted in known.filter(|noted| !undoing.stay.contains(&*noted.folder)) {
            let Some(slug) = undoing.slugs.get(&*noted.folder) else { continue };
            let its = undoing.journal.claims.iter().filter(|given| given.folder == noted.folder);
            for given in its.filter(|given| given.given_to.is_none()) {
                let is_its = |claim: &&Claim| {
                    claim.key.instance == *slug && claim.key.node == given.service && claim.port == given.port
                };
                let Some(claim) = claims.iter().find(is_its) else { continue };
                imported.push((claim.key.clone(), given.port, before(given, &claim.key)));
            }
        }
        let (back, stay) = self.catalog.ports.take_back(imported).await?;
        undone.kept.extend(stay.iter().map(|before| {
            let ClaimKey { node, instance, .. } = &before.key;
            format!(
                "{node} of {instance} keeps its port: the one before, {}, is another's by now",
                before.port
            )
        }));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        back.iter().for_each(|key| *counts.entry(&key.instance).or_default() += 1);
        undone
            .done
            .extend(counts.iter().map(|(slug, count)| format!("{count} ports of {slug} are as they were")));
        Ok(())
    }

    /// A project that was known before is taken up as it is now, with what it had given up.
    async fn give_back(
        &self,
        undoing: &Undoing<'_>,
        noted: &NotedProject,
        undone: &mut MigrationUndone,
    ) -> Result<(), Failure> {
        let slug = undoing.slugs.get(&*noted.folder);
        let mut given_up = undoing.given_up(&noted.folder);
        if slug.is_none() && (given_up.is_empty() || !noted.folder.join("kinfra.yaml").is_file()) {
            return Ok(());
        }
        let claims = self.catalog.ports.claims();
        // Somebody has chosen another one for the name meanwhile.
        given_up.retain(|given| {
            let moved = claims.iter().find(|claim| {
                Some(&claim.key.instance) == slug
                    && claim.key.node == given.service
                    && claim.origin == PortOrigin::User
                    && claim.port != given.port
            });
            undone.kept.extend(moved.map(|claim| {
                format!(
                    "{} of {} keeps {}, which was chosen since",
                    given.service, claim.key.instance, claim.port
                )
            }));
            moved.is_none()
        });
        let imports = |spec: &ProjectSpec| -> Vec<Import> {
            let import = |given: &&NotedClaim| {
                let origin = given.before.as_ref().map_or(PortOrigin::Import, |(_, origin, _)| *origin);
                let (tunnel, hostname) = given.former.clone();
                Import { origin, tunnel, hostname, ..import_of(&given.service, given.port, spec) }
            };
            given_up.iter().map(import).collect()
        };
        let refused = self.steps.take_up(&noted.folder, &imports).await?;
        undone.kept.extend(refused.into_iter().map(|problem| problem.message));
        if !given_up.is_empty() {
            let names: Vec<&str> = given_up.iter().map(|given| &*given.service).collect();
            undone.done.push(format!("{} has {} again", noted.folder.display(), names.join(", ")));
        }
        Ok(())
    }
}

fn write_of<'j>(journal: &'j Journal, noted: &NotedProject) -> Option<&'j NotedWrite> {
    let file = noted.folder.join("kinfra.yaml");
    journal.writes.iter().find(|write| write.path == file)
}

/// The claim that there was in the place of the one that was given.
fn before(given: &NotedClaim, key: &ClaimKey) -> Option<Claim> {
    let (port, origin, asked) = given.before.clone()?;
    let (former_tunnel, former_hostname) = given.former.clone();
    Some(Claim { key: key.clone(), port, origin, asked, former_tunnel, former_hostname })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Problem::new(ErrorCode::Io, format!("cannot take the migration back at {}: {error}", path.display()))
        .hint("what was done so far is done; run kinfra migrate --undo again")
        .into()
}

impl Engine {
    pub(super) fn migrator(&self, user_home: Option<&Path>) -> Result<Migrator<'_>, Failure> {
        let (home, environment) = (&self.options.home, &self.options.environment);
        Migrator::new(&self.catalog, home, environment, user_home, self)
    }
}

impl Steps for Engine {
    fn take_up<'s>(
        &'s self,
        folder: &'s Path,
        imports: &'s Imports<'s>,
    ) -> BoxFuture<'s, Result<Vec<Problem>, Failure>> {
        async move { Ok(self.add_with(folder, Some(imports)).await?.1) }.boxed()
    }

    fn busy<'s>(&'s self, project: &'s str) -> BoxFuture<'s, Result<BTreeSet<String>, Failure>> {
        async move {
            let services = self.project(project)?.services;
            let active = services.iter().filter(|(_, node)| {
                let state = crate::orchestrator::Node::observe(&***node);
                state.phase.is_active()
            });
            Ok(active.map(|(name, _)| name.clone()).collect())
        }
        .boxed()
    }

    fn forget<'s>(&'s self, project: &'s str) -> BoxFuture<'s, Result<(), Failure>> {
        async move { self.remove_project(project).await.map(drop) }.boxed()
    }

    fn show_connectors(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.follow_connectors().boxed()
    }
}
