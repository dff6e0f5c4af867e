//! From everything that was read to one draft for each project. Pure.

use std::path::{Path, PathBuf};

use kinfra_rpc::SetAside;

use super::draft::{Certainty, Draft, DraftService, SERVER};
use super::files::{Gathered, Source};
use super::found::{Found, FoundPort, FoundProject, FoundRule, FoundTunnel};
use super::python::DEFAULT_PROJECT;
use super::read::Kind;
use crate::config::{name_fault, slug};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drafts {
    pub projects: Vec<Draft>,
    /// By id or name, with their hosts.
    pub tunnels: Vec<DraftTunnel>,
    pub notes: Vec<String>,
    pub set_aside: Vec<SetAside>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftTunnel {
    pub tunnel: String,
    pub hosts: Vec<String>,
    /// The file that configures it, if it is known.
    pub config: Option<PathBuf>,
    /// Processes that the registry noted with its names, and when.
    pub noted: Vec<(u32, f64)>,
}

/// `folder_of` tells where a process works that a file names, if that is the very same process still. It is the project's
/// folder when there is something in it that says so.
#[must_use]
pub fn drafts(gathered: &Gathered, folder_of: &dyn Fn(&FoundProject) -> Option<PathBuf>) -> Drafts {
    let mut drafts = Drafts::default();
    for (folder, launcher) in &gathered.launchers {
        drafts.projects.push(Draft::of_folder(folder, Some(launcher)));
    }
    for (source, found) in of(gathered, |source| source.folder.is_some()) {
        drafts.take_of_folder(source, found);
    }
    // Who is named first comes first, whatever its project was known by.
    let rank =
        |folder: &Option<PathBuf>| gathered.folders.iter().position(|known| Some(known) == folder.as_ref());
    drafts.projects.sort_by_key(|draft| rank(&draft.folder));
    let mut ports = vec![];
    for (source, found) in of(gathered, |source| source.folder.is_none()) {
        match found {
            Found::Project(found) => drafts.take_project(source, found, folder_of),
            Found::Port(found) => ports.push((source, found)),
            Found::Tunnel(_) => {}
        }
    }
    // Those that say whose they are, before any that could be anybody's.
    ports.retain(|(source, found)| !drafts.take_port(source, found, false));
    for (source, found) in ports {
        drafts.take_port(source, found, true);
    }
    // After all ports are known, since their rules name nothing else.
    for (source, found) in of(gathered, |source| source.kind == Kind::Cloudflared) {
        if let Found::Tunnel(tunnel) = found {
            drafts.take_tunnel(&source.path, tunnel);
        }
    }
    drafts.settle();
    drafts
}

fn of<'g>(
    gathered: &'g Gathered,
    wanted: impl Fn(&Source) -> bool + 'g,
) -> impl Iterator<Item = (&'g Source, &'g Found)> {
    // SmartInfraManager's files before the registry: they tell of projects, to which names of that may belong.
    let rank = |source: &&Source| (source.kind == Kind::Registry, source.kind);
    let mut sources: Vec<&Source> = gathered.sources.iter().filter(|source| wanted(source)).collect();
    sources.sort_by_key(rank);
    sources.into_iter().flat_map(|source| source.reading.found.iter().map(move |found| (source, found)))
}

impl Drafts {
    fn take_of_folder(&mut self, source: &Source, found: &Found) {
        let Some(folder) = &source.folder else { return };
        let at = self.projects.iter().position(|draft| draft.folder.as_ref() == Some(folder));
        let at = at.unwrap_or_else(|| {
            self.projects.push(Draft::of_folder(folder, None));
            self.projects.len() - 1
        });
        let draft = &mut self.projects[at];
        draft.sources.insert(source.path.clone());
        match found {
            Found::Project(found) => draft.learn(found, Certainty::Wished, &source.path),
            Found::Port(found) => {
                let at = draft.service_of(found, Certainty::Noted, true).unwrap_or_else(|| {
                    draft.services.push(DraftService { name: found.name.clone(), ..DraftService::default() });
                    draft.services.len() - 1
                });
                draft.services[at].learn(found, Certainty::Noted, &source.path);
            }
            Found::Tunnel(_) => {}
        }
    }

    fn take_project(
        &mut self,
        source: &Source,
        found: &FoundProject,
        folder_of: &dyn Fn(&FoundProject) -> Option<PathBuf>,
    ) {
        let Some(name) = &found.name else { return };
        if found.port.is_none() && found.hostname.is_none() {
            // It never got further than its defaults.
            return;
        }
        let alias = slug(name);
        let running = folder_of(found);
        let is_it = |draft: &Draft| {
            let is_there = running.is_some() && draft.folder == running;
            is_there || (!draft.is_default() && draft.aliases.contains(&alias))
        };
        let at = self.projects.iter().position(is_it).unwrap_or_else(|| {
            self.projects.push(Draft::generated(name));
            self.projects.len() - 1
        });
        let certainty = if source.kind == Kind::SmartInfra { Certainty::Given } else { Certainty::Noted };
        self.projects[at].learn(found, certainty, &source.path);
    }

    /// Whether it was known whose it is; `is_last`: it is somebody's all the same.
    fn take_port(&mut self, source: &Source, found: &FoundPort, is_last: bool) -> bool {
        let known = self.projects.iter().enumerate();
        let known = known.filter(|(_, draft)| !draft.is_default());
        let mut known =
            known.filter_map(|(at, draft)| Some((at, draft.service_of(found, Certainty::Given, is_last)?)));
        let known = known.next();
        if known.is_none() && !is_last {
            return false;
        }
        let (at, service) = known.unwrap_or_else(|| self.of_nobody(&found.name));
        let draft = &mut self.projects[at];
        draft.sources.insert(source.path.clone());
        // By a bare name it could be another folder's as well, one that is not known yet.
        let is_bare = !draft.is_default() && draft.service_of(found, Certainty::Given, false).is_none();
        let certainty = if is_bare { Certainty::Likely } else { Certainty::Given };
        draft.services[service].learn(found, certainty, &source.path);
        draft.services[service].is_called(DEFAULT_PROJECT, &found.name, found.port);
        true
    }

    /// A name that belongs to no project: the Python package has one for those.
    fn of_nobody(&mut self, name: &str) -> (usize, usize) {
        let at = self.projects.iter().position(Draft::is_default).unwrap_or_else(|| {
            self.projects.push(Draft::generated(DEFAULT_PROJECT));
            self.projects.len() - 1
        });
        let services = &mut self.projects[at].services;
        let service = services.iter().position(|service| service.name == name).unwrap_or_else(|| {
            services.push(DraftService { name: name.to_owned(), ..DraftService::default() });
            services.len() - 1
        });
        (at, service)
    }

    fn take_tunnel(&mut self, config: &Path, found: &FoundTunnel) {
        for (number, rule) in found.rules.iter().enumerate() {
            let all = self.projects.iter().enumerate();
            let all = all.flat_map(|(at, draft)| (0..draft.services.len()).map(move |service| (at, service)));
            let all: Vec<(usize, usize)> = all.collect();
            let of_port = |least: Certainty| {
                let has = |(at, service): &&(usize, usize)| {
                    let service = &self.projects[*at].services[*service];
                    service.port == Some(rule.port) && service.certainty >= least
                };
                all.iter().find(has).copied()
            };
            let label = rule.hostname.trim_start_matches("*.").split('.').next().unwrap_or(SERVER);
            let path = rule.path.as_deref().map(|path| path.replace('/', "-")).unwrap_or_default();
            // The library wrote a rule for each service that had no path, of which only the first one was ever used.
            let is_same = |other: &FoundRule| other.hostname == rule.hostname && other.path == rule.path;
            let is_again = found.rules[..number].iter().any(is_same);
            let port = if is_again { format!("-{}", rule.port) } else { String::new() };
            let name = format!("{label}{path}{port}");
            // A name of its own says more than a port that others may ask for as well.
            let noted = of_port(Certainty::Likely);
            let named = noted.is_none().then(|| self.by_host(label, rule.path.as_deref())).flatten();
            let asked = || of_port(Certainty::Wished).or_else(|| of_port(Certainty::Default));
            let known = noted.or(named).or_else(asked);
            let certainty = if named.is_some() { Certainty::Named } else { Certainty::Likely };
            let (at, service) = known.unwrap_or_else(|| self.of_nobody(&name));
            let draft = &mut self.projects[at];
            draft.sources.insert(config.to_owned());
            let service = &mut draft.services[service];
            service.offer(rule.port, certainty, config);
            service.is_called(DEFAULT_PROJECT, &name, rule.port);
            service.tunnel.get_or_insert_with(|| found.tunnel.clone());
            service.lead_here(&rule.hostname, rule.path.as_deref(), config, true);
        }
        let hosts = found.rules.iter().map(|rule| rule.hostname.clone());
        self.note_tunnel(&found.tunnel, hosts, Some(config));
    }

    /// The service of a known project that a host name of its own led to: the registry forgot what was idle for a day,
    /// and cloudflared's files did not.
    fn by_host(&self, label: &str, path: Option<&str>) -> Option<(usize, usize)> {
        let is_its = |draft: &Draft| draft.folder.is_some() && draft.aliases.contains(&slug(label));
        let at = self.projects.iter().position(is_its)?;
        let leads = |service: &DraftService| match &service.route {
            Some(route) => route == path.unwrap_or("/"),
            None => path.is_none(),
        };
        let is_open = |service: &DraftService| !service.is_sure() && leads(service);
        Some((at, self.projects[at].services.iter().position(is_open)?))
    }

    fn note_tunnel(
        &mut self,
        tunnel: &str,
        hosts: impl Iterator<Item = String>,
        config: Option<&Path>,
    ) -> &mut DraftTunnel {
        let at = self.tunnels.iter().position(|known| known.tunnel == tunnel).unwrap_or_else(|| {
            self.tunnels.push(DraftTunnel { tunnel: tunnel.to_owned(), ..DraftTunnel::default() });
            self.tunnels.len() - 1
        });
        let known = &mut self.tunnels[at];
        known.config = known.config.take().or_else(|| config.map(Path::to_owned));
        for host in hosts {
            if !known.hosts.contains(&host) {
                known.hosts.push(host);
            }
        }
        known
    }

    /// What two would have is the first one's, as with the library; what can't be named is told.
    fn settle(&mut self) {
        let set_aside = &mut self.set_aside;
        self.projects.retain(|draft| {
            // One with a folder has that one's name instead.
            let fault = name_fault(&draft.name).filter(|_| draft.folder.is_none());
            let file = draft.sources.first().cloned().unwrap_or_default();
            set_aside.extend(fault.iter().map(|fault| SetAside {
                file: file.clone(),
                why: format!("{}: the project's name {fault}", draft.name),
            }));
            fault.is_none()
        });
        let mut taken: Vec<(String, String)> = vec![];
        let mut tunnels = vec![];
        for draft in &mut self.projects {
            let mut names: Vec<String> = vec![];
            let (set_aside, source) =
                (&mut self.set_aside, draft.sources.first().cloned().unwrap_or_default());
            draft.services.retain(|service| {
                let label = slug(&service.name);
                let fault = if names.contains(&label) {
                    Some(format!("{}: another name is the same in host names", service.name))
                } else if let Some(fault) = name_fault(&service.name) {
                    Some(format!("{}: its name {fault}", service.name))
                } else {
                    names.push(label);
                    None
                };
                let is_fit = fault.is_none();
                let file = service.port_source.clone().unwrap_or_else(|| source.clone());
                set_aside.extend(fault.map(|why| SetAside { file, why }));
                is_fit
            });
        }
        // A place that a rule names is that rule's, whatever the registry says beside it.
        for wanted in [true, false] {
            for draft in &mut self.projects {
                for service in &mut draft.services {
                    let (name, notes) = (service.name.clone(), &mut self.notes);
                    service.places.retain(|place| {
                        if place.is_rule != wanted {
                            return true;
                        }
                        let shown = place.shown();
                        if let Some((_, owner)) = taken.iter().find(|(known, _)| *known == shown) {
                            notes.push(format!("{shown} led to {owner} before it could lead to {name}"));
                            return false;
                        }
                        taken.push((shown, name.clone()));
                        true
                    });
                }
            }
        }
        for draft in &self.projects {
            let is_in_range = |port: &&u16| draft.range.is_some_and(|range| range.contains(**port));
            self.notes.extend(draft.blocked.iter().filter(is_in_range).map(|port| {
                let name = &draft.name;
                format!("{name} is never to be given {port}: kinfra ports reserve {port} keeps it from all projects")
            }));
            for service in &draft.services {
                let hosts = service.places.iter().map(|place| place.host.clone());
                let noted = service.noted;
                tunnels
                    .extend(service.tunnel.clone().map(|tunnel| (tunnel, hosts.collect::<Vec<_>>(), noted)));
                for (port, source) in &service.other_ports {
                    let kept = service.port.unwrap_or_default();
                    self.notes.push(format!(
                        "{} of {} had port {port} too, by {}: {kept} is kept",
                        service.name,
                        draft.name,
                        source.display()
                    ));
                }
            }
        }
        for (tunnel, hosts, noted) in tunnels {
            self.note_tunnel(&tunnel, hosts.into_iter(), None).noted.extend(noted);
        }
    }
}
