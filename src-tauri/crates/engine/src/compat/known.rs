//! What KInfra has already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfra_rpc::{PortOrigin, Protocol};

use crate::store::{Claim, StoredConnector, StoredProject};

/// What a service's port is called where nobody says otherwise.
pub const MAIN_PORT: &str = "http";

#[derive(Debug, Clone, Default)]
pub struct Known {
    pub projects: Vec<StoredProject>,
    pub claims: Vec<Claim>,
    /// By folder: those that have a `kinfra.yaml`.
    pub configurations: BTreeMap<PathBuf, Configuration>,
    /// What earlier migrations gave to services of projects with a folder: port, project and service. The service may
    /// have another one since.
    pub given: Vec<(u16, String, String)>,
    /// Of this boot.
    pub connectors: Vec<StoredConnector>,
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
    pub fn moved_to(&self, port: Option<u16>) -> Option<String> {
        let port = port?;
        let is_moved = |claim: &&Claim| matches!(claim.origin, PortOrigin::Import | PortOrigin::Adopted);
        let owner = self.owner(port).filter(is_moved);
        let owner = owner.map(|claim| (&claim.key.instance, &claim.key.node));
        let given = || {
            let given = self.given.iter().find(|(given, ..)| *given == port);
            given.map(|(_, project, service)| (project, service)).filter(|_| self.owner(port).is_none())
        };
        let (project, service) = owner.or_else(given)?;
        Some(format!("{service}'s of {project}"))
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

/// Whether nobody has chosen this port on purpose.
#[must_use]
pub const fn is_of_nobodys_choice(origin: PortOrigin) -> bool {
    matches!(origin, PortOrigin::Hash)
}
