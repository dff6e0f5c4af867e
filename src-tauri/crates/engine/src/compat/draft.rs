//! What is known of each project, brought together from all files. Pure.
//!
//! One server may be told of in five files, each with another name. They are the same when they say the same port, or
//! when the name is the project's. What was really in use counts more than what was wished: the registry's port before
//! that of a settings file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kinfra_rpc::PortRange;
use serde::{Deserialize, Serialize};

use super::found::{FoundPort, FoundProject, FoundQuick, FoundServer};
use super::launcher::Launcher;
use super::python::DEFAULT_PROJECT;
use crate::config::{name_fault, slug};

/// The one service of a project of SmartInfraManager's.
pub const SERVER: &str = "server";

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    pub name: String,
    /// None: it exists in calls of Python alone.
    pub folder: Option<PathBuf>,
    /// Other names of it, as slugs.
    pub aliases: BTreeSet<String>,
    pub range: Option<PortRange>,
    /// Ports of the range that it must never be given.
    pub blocked: BTreeSet<u16>,
    pub services: Vec<DraftService>,
    pub sources: BTreeSet<PathBuf>,
}

/// How sure a port is: a later one in this list wins over an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    #[default]
    None,
    /// What a start script takes when nobody says another.
    Default,
    /// What a settings file asks for.
    Wished,
    /// A tunnel led there, or a name without the project's had it, and nothing but what was asked for says whose it was.
    Likely,
    /// A tunnel led there by a host name of the project's.
    Named,
    /// What was in use when the file was written.
    Noted,
    /// What the registry or a manager gave it.
    Given,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftService {
    pub name: String,
    pub run: Option<String>,
    pub dir: Option<String>,
    pub route: Option<String>,
    pub port: Option<u16>,
    pub certainty: Certainty,
    /// Where the port is from: a file, or a script.
    pub port_source: Option<PathBuf>,
    pub places: Vec<Place>,
    pub tunnel: Option<String>,
    pub health: Option<String>,
    pub grace: Option<f64>,
    pub server: Option<FoundServer>,
    pub quick: Option<FoundQuick>,
    /// A process that the registry noted, and when.
    pub noted: Option<(u32, f64)>,
    /// Other ports that were told of it.
    pub other_ports: Vec<(u16, PathBuf)>,
    /// What else it would be where its folder is not known: a name in calls of Python.
    pub names: Vec<FormerName>,
}

/// A name in calls of Python, with the port that it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerName {
    pub project: String,
    pub service: String,
    pub port: u16,
}

/// Where visitors found it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub host: String,
    pub path: Option<String>,
    pub source: PathBuf,
    /// A rule of cloudflared says it, with its path.
    pub is_rule: bool,
}

impl Place {
    /// As a configuration has it.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}{}", self.host, self.path.as_deref().unwrap_or_default())
    }
}

impl Draft {
    #[must_use]
    pub fn of_folder(folder: &Path, launcher: Option<&Launcher>) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut draft = Self {
            aliases: BTreeSet::from([slug(&name)]),
            name,
            folder: Some(folder.to_owned()),
            ..Self::default()
        };
        let Some(launcher) = launcher else { return draft };
        draft.aliases.extend(launcher.aliases.iter().map(|alias| (*alias).to_owned()));
        draft.sources.insert(folder.join(launcher.script));
        draft.services = launcher
            .services
            .iter()
            .map(|service| DraftService {
                name: service.name.to_owned(),
                run: service.run.clone(),
                dir: service.dir.clone(),
                route: service.route.map(str::to_owned),
                port: Some(service.port),
                certainty: Certainty::Default,
                port_source: Some(folder.join(launcher.script)),
                health: service.health.map(str::to_owned),
                ..DraftService::default()
            })
            .collect();
        draft
    }

    /// A project of Python's.
    #[must_use]
    pub fn generated(name: &str) -> Self {
        Self { name: name.to_owned(), aliases: BTreeSet::from([slug(name)]), ..Self::default() }
    }

    #[must_use]
    pub fn is_default(&self) -> bool {
        self.folder.is_none() && self.name == DEFAULT_PROJECT
    }

    /// Where its `kinfra.yaml` is to be; those of Python's are below `generated`.
    #[must_use]
    pub fn place(&self, generated: &Path) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| super::python::folder(generated, &self.name))
    }

    /// The one that stands for the project: the first.
    pub fn main(&mut self) -> &mut DraftService {
        if self.services.is_empty() {
            self.services.push(DraftService { name: SERVER.to_owned(), ..DraftService::default() });
        }
        &mut self.services[0]
    }

    /// What a file says of the whole project.
    pub fn learn(&mut self, found: &FoundProject, certainty: Certainty, source: &Path) {
        self.sources.insert(source.to_owned());
        if let Some(name) = &found.name {
            self.aliases.insert(slug(name));
            // In its own folder's settings it is what its user calls it.
            if certainty == Certainty::Wished && name_fault(name).is_none() {
                self.name.clone_from(name);
            }
        }
        // What a person wrote comes before what the library chose from.
        if found.range.is_some() && (self.range.is_none() || certainty == Certainty::Wished) {
            self.range = found.range;
        }
        self.blocked.extend(&found.blocked);
        let main = self.main();
        if let Some(port) = found.port {
            main.offer(port, certainty, source);
            // Its own folder's settings are no calls of Python.
            if let Some(project) = found.name.as_ref().filter(|_| certainty >= Certainty::Noted) {
                main.is_called(project, SERVER, port);
            }
        }
        if main.health.is_none() {
            main.health.clone_from(&found.health);
        }
        main.grace = found.grace.or(main.grace);
        main.quick = found.quick.clone().or(main.quick.take());
        main.server = found.server.clone().or(main.server.take());
        if let Some(host) = &found.hostname {
            main.lead_here(host, None, source, false);
        }
    }

    /// The service that a name of the registry, or of a file like it, means in this project, if it means any. One that
    /// has another port as surely is another server. `is_bare`: also where nothing says so but a name without the
    /// project's and the port that is taken by default.
    #[must_use]
    pub fn service_of(&self, found: &FoundPort, certainty: Certainty, is_bare: bool) -> Option<usize> {
        let wanted = slug(&found.name);
        let position = |fits: &dyn Fn(&DraftService) -> bool| self.services.iter().position(fits);
        let is_sure = |service: &DraftService| service.certainty > Certainty::Default;
        let is_open =
            |service: &DraftService| service.certainty < certainty || service.port == Some(found.port);
        let of_port = position(&|service| is_sure(service) && service.port == Some(found.port));
        if of_port.is_some() || self.folder.is_none() {
            return of_port;
        }
        let of_name = position(&|service| {
            let own = slug(&service.name);
            let is_joined = self.aliases.iter().any(|alias| wanted == format!("{alias}-{own}"));
            is_open(service) && (is_joined || (is_bare && wanted == own && service.port == Some(found.port)))
        });
        of_name.or_else(|| {
            let is_project = self.aliases.contains(&wanted) && self.services.first().is_some_and(is_open);
            is_project.then_some(0)
        })
    }
}

impl DraftService {
    /// A port that is told of it.
    pub fn offer(&mut self, port: u16, certainty: Certainty, source: &Path) {
        let before = self.port.filter(|before| *before != port).zip(self.port_source.clone());
        if certainty > self.certainty || self.port.is_none() {
            if self.certainty > Certainty::Default {
                self.other_ports.extend(before);
            }
            self.port = Some(port);
            self.certainty = certainty;
            self.port_source = Some(source.to_owned());
        } else if self.port != Some(port) {
            self.other_ports.push((port, source.to_owned()));
        }
    }

    /// What the registry, or a file like it, has of it.
    pub fn learn(&mut self, found: &FoundPort, certainty: Certainty, source: &Path) {
        self.offer(found.port, certainty, source);
        if self.tunnel.is_none() {
            self.tunnel.clone_from(&found.tunnel);
        }
        if let Some(host) = &found.hostname {
            self.lead_here(host, None, source, false);
        }
        self.noted = found.pid.zip(found.seen_at).or(self.noted);
    }

    pub fn is_called(&mut self, project: &str, service: &str, port: u16) {
        self.names.push(FormerName { project: project.to_owned(), service: service.to_owned(), port });
    }

    /// Whether it really had its port, as far as anybody knows: some file noted it, or a tunnel led there.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.port.is_some() && self.certainty >= Certainty::Likely
    }

    pub fn lead_here(&mut self, host: &str, path: Option<&str>, source: &Path, is_rule: bool) {
        // The registry has no paths: where rules say it exactly, they count.
        if is_rule {
            self.places.retain(|place| place.is_rule || place.host != host);
        } else if self.places.iter().any(|place| place.host == host) {
            return;
        }
        if !self.places.iter().any(|place| place.host == host && place.path.as_deref() == path) {
            let (host, path, source) = (host.to_owned(), path.map(str::to_owned), source.to_owned());
            self.places.push(Place { host, path, source, is_rule });
        }
    }
}
