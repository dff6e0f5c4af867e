//! A migration taken back. What somebody has changed since stays, and so does what runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Failure, MigrationUndone, Problem};

use super::engine::Engine;
use super::migration::{Imports, Migrator, Steps};
use crate::compat::{Journal, NotedProject, NotedWrite, TakenBack};
use crate::config::ProjectSpec;
use crate::port_registry::Import;
use crate::store::Claim;

/// Whether more can be taken back by trying again.
enum End {
    Final,
    /// Something runs.
    Again,
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
            let mut again = false;
            for project in &journal.projects {
                again |= matches!(self.undo_project(&journal, project, &mut undone).await?, End::Again);
            }
            if again {
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

    async fn undo_project(
        &self,
        journal: &Journal,
        noted: &NotedProject,
        undone: &mut MigrationUndone,
    ) -> Result<End, Failure> {
        let projects = self.catalog.store.projects().await?;
        let slug = projects.into_iter().find(|known| known.folder == noted.folder).map(|known| known.slug);
        let file = noted.folder.join("kinfra.yaml");
        let write = journal.writes.iter().find(|write| write.path == file);
        let busy = match &slug {
            Some(slug) => self.steps.busy(slug).await?,
            None => BTreeSet::new(),
        };
        let named = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        if let Some(write) = write
            && journal.is_changed(write).map_err(|error| unreadable(&file, &error))?
        {
            undone.kept.push(format!("{} was changed since, and stays with its ports", file.display()));
            return Ok(End::Final);
        }
        if let (Some(slug), false) = (&slug, busy.is_empty()) {
            undone.kept.push(format!("{slug}: {} runs (kinfra down --project {slug})", named(&busy)));
            return Ok(End::Again);
        }
        // Broken off in between, nobody else may read a file that asks for what was taken back: a project that was new is
        // forgotten before its file, and of one that was known the file comes before its ports.
        if let Some(slug) = slug.as_ref().filter(|_| !noted.was_known) {
            self.steps.forget(slug).await?;
            undone.done.push(format!("{slug} is forgotten with its ports"));
        }
        if let Some(write) = write {
            take_file_back(journal, write, undone)?;
        }
        if let Some(slug) = slug.as_ref().filter(|_| noted.was_known) {
            self.take_ports_back(journal, noted, slug, undone).await?;
        }
        if noted.was_known && slug.is_some() {
            self.steps.take_up(&noted.folder, &|_: &ProjectSpec| -> Vec<Import> { vec![] }).await?;
        } else if noted.folder.starts_with(self.home.generated_projects()) {
            // Only what the migration made there; a folder with more in it stays.
            let _ = fs::remove_file(noted.folder.join(".lock"));
            let _ = fs::remove_dir(&noted.folder);
            let _ = fs::remove_dir(self.home.generated_projects());
        }
        Ok(End::Final)
    }

    async fn take_ports_back(
        &self,
        journal: &Journal,
        noted: &NotedProject,
        slug: &str,
        undone: &mut MigrationUndone,
    ) -> Result<(), Failure> {
        let claims = self.catalog.ports.claims();
        let mut imported = vec![];
        for given in journal.claims.iter().filter(|given| given.folder == noted.folder) {
            let is_its = |claim: &&Claim| {
                claim.key.instance == slug && claim.key.node == given.service && claim.port == given.port
            };
            let Some(claim) = claims.iter().find(is_its) else { continue };
            let before = given.before.clone().map(|(port, origin, asked)| Claim {
                key: claim.key.clone(),
                port,
                origin,
                asked,
                former_tunnel: None,
                former_hostname: None,
            });
            imported.push((claim.key.clone(), given.port, before));
        }
        let (count, stay) = self.catalog.ports.take_back(imported).await?;
        undone.kept.extend(stay.iter().map(|before| {
            let (node, port) = (&before.key.node, before.port);
            format!("{node} of {slug} keeps its port: the one before, {port}, is another's by now")
        }));
        if count > 0 {
            undone.done.push(format!("{count} ports of {slug} are as they were"));
        }
        Ok(())
    }
}

fn take_file_back(
    journal: &Journal,
    write: &NotedWrite,
    undone: &mut MigrationUndone,
) -> Result<(), Failure> {
    let shown = write.path.display();
    match journal.take_back(write).map_err(|error| unreadable(&write.path, &error))? {
        TakenBack::Done if Journal::is_new(write) => undone.done.push(format!("{shown} is gone again")),
        TakenBack::Done => undone.done.push(format!("{shown} is as it was before")),
        TakenBack::Changed => undone.kept.push(format!("{shown} was changed since, and stays")),
    }
    Ok(())
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
