//! What KInfra has already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kinfra_rpc::{PortOrigin, Protocol};

use super::draft::{Certainty, Draft, DraftService};
use super::python;
use crate::config::slug;
use crate::store::{Claim, StoredConnector, StoredProject};

/// What a service's port is called where nobody says otherwise.
pub const MAIN_PORT: &str = "http";

#[derive(Debug, Clone, Default)]
pub struct Known {
    pub projects: Vec<StoredProject>,
    pub claims: Vec<Claim>,
    /// By folder: those that have a `kinfra.yaml`.
    pub configurations: BTreeMap<PathBuf, Configuration>,
    /// What earlier migrations gave to services of projects with a folder, the last one last.
    pub given: Vec<GivenPort>,
    /// What runs now, by project and service.
    pub busy: BTreeSet<(String, String)>,
    /// Of this boot.
    pub connectors: Vec<StoredConnector>,
}

/// A port that an earlier migration gave to a service, which may have another one since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenPort {
    pub port: u16,
    /// By its slug.
    pub project: String,
    pub service: String,
    /// How sure it was then; None: nobody noted that.
    pub certainty: Option<Certainty>,
}

/// A `kinfra.yaml` that is there.
#[derive(Debug, Clone)]
pub struct Configuration {
    pub text: String,
    /// What it says, or the first thing that is wrong with it.
    pub content: Result<Content, String>,
}

#[derive(Debug, Clone, Default)]
pub struct Content {
    /// By name, with the number that it names for its main port, if it names one.
    pub services: BTreeMap<String, Option<u16>>,
}

impl Known {
    #[must_use]
    pub fn project(&self, folder: &Path) -> Option<&StoredProject> {
        self.projects.iter().find(|project| project.folder == folder)
    }

    /// Whose a TCP port is.
    #[must_use]
    pub fn owner(&self, port: u16) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.port == port && claim.key.protocol == Protocol::Tcp)
    }

    /// Whose a port of the library's has become: `api's of shop`.
    #[must_use]
    pub fn moved_to(&self, draft: &Draft, service: &DraftService) -> Option<String> {
        let port = service.port?;
        let is_its = |claim: &&Claim| is_moved(claim) && !self.is_unsure(claim, draft, service);
        let owner = self.owner(port).filter(is_its);
        let owner = owner.map(|claim| (&claim.key.instance, &claim.key.node));
        let given = || {
            let given = self.given.iter().find(|given| given.port == port);
            given.map(|given| (&given.project, &given.service)).filter(|_| self.owner(port).is_none())
        };
        let (project, service) = owner.or_else(given)?;
        Some(format!("{service}'s of {project}"))
    }

    /// Whether a migration gave it this port although no file had noted that it is its: a service that more says had it
    /// comes first. A name of nobody's is none: it is what the port was given by, where the service is called so.
    #[must_use]
    pub fn is_unsure(&self, claim: &Claim, draft: &Draft, than: &DraftService) -> bool {
        let key = &claim.key;
        if draft.is_default() && slug(&than.name) == slug(&key.node) {
            return false;
        }
        let is_its = |given: &&GivenPort| {
            given.port == claim.port && given.project == key.instance && given.service == key.node
        };
        let given = self.given.iter().rev().find(is_its).and_then(|given| given.certainty);
        let is_less = |given: Certainty| given < Certainty::Noted && given < than.certainty;
        claim.origin == PortOrigin::Import && than.is_sure() && given.is_some_and(is_less)
    }

    /// Whose a claim is, if that exists in calls of Python alone.
    #[must_use]
    pub fn of_python(&self, claim: &Claim, generated: &Path) -> Option<&StoredProject> {
        let project = self.projects.iter().find(|project| project.slug == claim.key.instance)?;
        project.folder.starts_with(generated).then_some(project)
    }

    /// What Python's own projects have for a service whose folder was not known to them: the name that the old files have
    /// for it, with the port that it had or one of nobody's choice; and whoever a migration gave that port to. A name that
    /// somebody gave another port on purpose is not among them, and neither is one of another name where that had the port
    /// more surely.
    #[must_use]
    pub fn namesakes(&self, service: &DraftService, generated: &Path, is_surest: bool) -> Vec<&Claim> {
        let Some(port) = service.port.filter(|_| service.is_sure()) else { return vec![] };
        let is_namesake = |claim: &Claim, of: &StoredProject| {
            let names =
                service.names.iter().filter(|name| name.port == port && name.service == claim.key.node);
            let mut folders = names.map(|name| python::folder(generated, &name.project));
            claim.key.replica == 0 && folders.any(|folder| folder == of.folder)
        };
        let is_its = |claim: &&Claim| {
            let Some(of) = self.of_python(claim, generated) else { return false };
            let has_port = claim.port == port && claim.key.protocol == Protocol::Tcp;
            match is_namesake(claim, of) {
                true => has_port || is_of_nobodys_choice(claim.origin),
                false => has_port && is_surest && is_moved(claim),
            }
        };
        self.claims.iter().filter(is_its).collect()
    }

    /// The main port that a service has: the one with the usual name.
    #[must_use]
    pub fn claim(&self, instance: &str, node: &str) -> Option<&Claim> {
        main_claim(&self.claims, instance, node)
    }
}

/// That of its first process, where several run it.
#[must_use]
pub fn main_claim<'c>(claims: &'c [Claim], instance: &str, node: &str) -> Option<&'c Claim> {
    let of_node = |claim: &&Claim| {
        let key = &claim.key;
        key.instance == instance && key.node == node && key.replica == 0 && key.protocol == Protocol::Tcp
    };
    let mut of_node = claims.iter().filter(of_node);
    of_node.clone().find(|claim| claim.key.name == MAIN_PORT).or_else(|| of_node.next())
}

/// Whether it came from KInfra 1.0.
const fn is_moved(claim: &Claim) -> bool {
    matches!(claim.origin, PortOrigin::Import | PortOrigin::Adopted)
}

/// Whether nobody has chosen this port on purpose.
#[must_use]
pub const fn is_of_nobodys_choice(origin: PortOrigin) -> bool {
    matches!(origin, PortOrigin::Hash)
}
