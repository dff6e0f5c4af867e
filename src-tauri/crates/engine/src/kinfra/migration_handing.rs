//! Ports that are handed on: projects of Python's give up what a project with a folder is known to have had, and whoever was
//! given a port that no file had noted gives it up for who had it.
//!
//! Theory of operation: what Python gives up leaves its file first, and a project of its of which nothing is left is
//! forgotten, so that nobody asks for the port any more and the project with the folder can have the name. The claim itself
//! goes from one to the other in one transaction. Broken off anywhere in between, the same plan comes again.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use kinfra_rpc::{ErrorCode, Failure, Problem};

use super::migration::{Migrator, lock_of_python, noted_claim};
use crate::compat::{Handed, Journal, NotedClaim, NotedProject, is_empty, without};
use crate::config::ProjectSpec;
use crate::port_registry::Import;
use crate::store::{Claim, StoredProject};

/// A project that gives something up.
pub(super) struct Giver {
    project: StoredProject,
    handed: Vec<Handed>,
    /// It has other ports, too; some may be of names that it has no more, and that may come back.
    has_more: bool,
}

impl Giver {
    const fn is_generated(&self) -> bool {
        matches!(self.handed.as_slice(), [Handed { is_generated: true, .. }, ..])
    }

    fn file(&self) -> PathBuf {
        self.project.folder.join("kinfra.yaml")
    }

    fn names(&self) -> BTreeSet<String> {
        self.handed.iter().map(|handed| handed.claim.key.node.clone()).collect()
    }

    /// What it will have done, beside what is noted already. A file that a project of Python's is given more services in
    /// is the one that others are taken out of.
    ///
    /// # Errors
    /// Why its file can't do without.
    pub fn note(
        &self,
        writes: &mut Vec<(PathBuf, Option<String>)>,
        projects: &mut Vec<NotedProject>,
        claims: &mut Vec<NotedClaim>,
    ) -> Result<(), String> {
        let folder = &self.project.folder;
        if self.is_generated() {
            let file = self.file();
            let at = writes.iter().position(|(path, _)| *path == file);
            let present = fs::read_to_string(&file).ok();
            let text = at.and_then(|at| writes.remove(at).1).or_else(|| present.clone());
            let rest = text.map(|text| without(&text, &self.names())).transpose()?;
            let rest = rest.filter(|rest| self.has_more || !is_empty(rest));
            if rest != present {
                writes.push((file, rest));
            }
        }
        if !projects.iter().any(|noted| noted.folder == *folder) {
            projects.push(NotedProject { folder: folder.clone(), was_known: true });
        }
        claims.extend(self.handed.iter().map(|handed| NotedClaim {
            given_to: Some(handed.taker.clone()),
            ..noted_claim(folder, &handed.claim.key.node, Some(&handed.claim))
        }));
        Ok(())
    }
}

impl Migrator<'_> {
    pub(super) async fn givers(&self, handed: &[Handed]) -> Result<Vec<Giver>, Failure> {
        let claims = self.catalog.ports.claims();
        let mut givers = vec![];
        for project in self.catalog.store.projects().await? {
            let its: Vec<Handed> =
                handed.iter().filter(|handed| handed.giver == project.folder).cloned().collect();
            if its.is_empty() {
                continue;
            }
            let is_given = |claim: &Claim| its.iter().any(|handed| handed.claim.key == claim.key);
            let mut others = claims.iter().filter(|claim| claim.key.instance == project.slug);
            let has_more = others.any(|claim| !is_given(claim));
            givers.push(Giver { project, handed: its, has_more });
        }
        Ok(givers)
    }

    /// What is to be before who takes it up is made known. One with a folder only gives its port up, then.
    pub(super) async fn give_up(&self, journal: &Journal, giver: &Giver) -> Result<(), Failure> {
        let file = giver.file();
        let write = journal.writes.iter().find(|write| write.path == file);
        if let Some(write) = write.filter(|_| giver.is_generated()) {
            let _lock = lock_of_python(&giver.project.folder).ok();
            journal.write(write).map_err(|error| {
                Problem::new(ErrorCode::Io, format!("cannot write {}: {error}", file.display()))
                    .hint("run kinfra migrate again")
            })?;
        }
        if giver.is_generated() && !giver.has_more && !file.exists() {
            self.steps.forget(&giver.project.slug).await?;
        }
        Ok(())
    }

    /// It goes on with what it has left, or with another port.
    pub(super) async fn go_on(&self, Giver { project, .. }: &Giver) -> Result<(), Failure> {
        let known = self.catalog.store.projects().await?;
        if known.contains(project)
            && let Err(failure) =
                self.steps.take_up(&project.folder, &|_: &ProjectSpec| -> Vec<Import> { vec![] }).await
        {
            // It is read again with its next start.
            tracing::warn!(project = project.slug, %failure, "it has given up a port, and can't be read");
        }
        Ok(())
    }
}
