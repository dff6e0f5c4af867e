//! From files to the plan, and the plan done, without a disk.

mod handing;
mod orders;
mod plans;
mod properties;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use kinfra_rpc::{
    FormerQuickTunnel, FormerTunnel, MigratedService, MigrationPlan, PortOrigin, PortStep, Protocol,
};

use super::launcher::{Launched, Launcher};
use super::*;
use crate::config::{Format, PortChoice, ServiceSpec, parse};
use crate::process::Identity;
use crate::store::{Claim, ClaimKey, StoredProject};

const HOME: &str = "/home/me";
const GENERATED: &str = "/home/me/.local/state/kinfra/python";

/// Files below the user's folder, and folders that are looked into.
#[derive(Default)]
struct Left {
    gathered: Gathered,
    known: Known,
    running: Running,
}

/// What a property that fails shows.
impl std::fmt::Debug for Left {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for source in &self.gathered.sources {
            writeln!(out, "{}: {}", source.path.display(), String::from_utf8_lossy(&source.bytes))?;
        }
        let launchers: Vec<_> = self.gathered.launchers.iter().map(|(folder, _)| folder).collect();
        writeln!(out, "{launchers:?} {:?}", self.known)
    }
}

impl Left {
    fn file(mut self, name: &str, text: &str) -> Self {
        let path = Path::new(HOME).join(name);
        let kind = kind_of(&path).unwrap();
        let reading = read(kind, &path, text);
        let faults =
            reading.faults.iter().map(|why| kinfra_rpc::SetAside { file: path.clone(), why: why.clone() });
        self.gathered.set_aside.extend(faults);
        let is_of_home = matches!(kind, Kind::Registry | Kind::SmartInfra | Kind::Cloudflared | Kind::Launch);
        let folder = path.ancestors().skip(1).find(|folder| !folder.ends_with("config")).map(Path::to_owned);
        let folder = folder.filter(|_| !is_of_home);
        self.gathered.sources.push(Source { path, kind, folder, bytes: text.into(), reading });
        self
    }

    /// A folder with what starts its project.
    fn launcher(mut self, folder: &str, launcher: Launcher) -> Self {
        self.gathered.launchers.push((Path::new(HOME).join(folder), launcher));
        self
    }

    /// A project that KInfra knows, with a file of its user's own.
    fn project(mut self, folder: &str, text: &str) -> Self {
        let folder = Path::new(HOME).join(folder);
        let slug = folder.file_name().unwrap().to_str().unwrap().to_owned();
        self.known.projects.push(StoredProject { name: slug.clone(), slug, folder: folder.clone() });
        self.known.configurations.insert(folder.clone(), configuration(&folder, text));
        self
    }

    fn claim(mut self, instance: &str, node: &str, port: u16, origin: PortOrigin) -> Self {
        self.known.claims.push(claim(instance, node, port, origin, None));
        self
    }

    fn plan(&self) -> MigrationPlan {
        self.planning().plan
    }

    /// The same where only these folders are named.
    fn named(&self, folders: &[&str]) -> Self {
        let is_named = |folder: &Path| folders.iter().any(|name| folder == Path::new(HOME).join(name));
        let mut gathered = self.gathered.clone();
        gathered.sources.retain(|source| source.folder.as_deref().is_none_or(is_named));
        gathered.launchers.retain(|(folder, _)| is_named(folder));
        gathered.folders = folders.iter().map(|name| Path::new(HOME).join(name)).collect();
        Self { gathered, known: self.known.clone(), running: self.running.clone() }
    }

    fn planning(&self) -> Planning {
        let places = Places { home: HOME.as_ref(), generated: GENERATED.as_ref() };
        let folder_of = |found: &FoundProject| {
            let occupant = self.running.occupants.get(&found.port?)?;
            let server = found.server.as_ref().filter(|server| is_server(server, occupant))?;
            (server.pid > 1).then(|| occupant.folder.clone())?
        };
        let mut planning = plan(&drafts(&self.gathered, &folder_of), &self.known, &self.running, places);
        planning.plan.set_aside.splice(0..0, self.gathered.set_aside.iter().cloned());
        planning
    }

    /// What KInfra has once a plan is done for which nobody gives anything up.
    fn after(self, plan: &MigrationPlan) -> Self {
        self.done(&Planning { plan: plan.clone(), handed: vec![] })
    }

    /// What KInfra has once that is done.
    fn done(mut self, Planning { plan, handed }: &Planning) -> Self {
        let certainties: Vec<_> = drafts(&self.gathered, &|_| None)
            .projects
            .into_iter()
            .flat_map(|draft| {
                let folder = draft.place(GENERATED.as_ref());
                draft.services.into_iter().map(move |service| (folder.clone(), service))
            })
            .collect();
        for Handed { claim, giver, is_generated, .. } in handed {
            self.known.claims.retain(|known| known.key != claim.key);
            if let Some(present) = self.known.configurations.get(giver).filter(|_| *is_generated) {
                let text = without(&present.text, &[claim.key.node.clone()].into()).unwrap();
                self.known.configurations.insert(giver.clone(), configuration(giver, &text));
                if is_empty(&text) {
                    self.known.configurations.remove(giver);
                    self.known.projects.retain(|project| project.folder != *giver);
                }
            }
        }
        for project in plan.projects.iter().filter(|project| is_pending(project)) {
            if let Some(text) = &project.text {
                let configuration = configuration(&project.folder, text);
                self.known.configurations.insert(project.folder.clone(), configuration);
            }
            let slug = match self.known.project(&project.folder) {
                Some(known) => known.slug.clone(),
                None => {
                    let slug = crate::config::slug(&project.name);
                    let taken = self.known.projects.iter().map(|known| &*known.slug);
                    let claimed = self.known.claims.iter().map(|claim| &*claim.key.instance);
                    let taken: Vec<&str> = taken.chain(claimed).collect();
                    let numbered = (2..).map(|number| format!("{slug}-{number}"));
                    let mut slugs = std::iter::once(slug.clone()).chain(numbered);
                    let slug = slugs.find(|slug| !taken.contains(&&**slug)).unwrap();
                    let (name, folder) = (project.name.clone(), project.folder.clone());
                    self.known.projects.push(StoredProject { slug: slug.clone(), name, folder });
                    slug
                }
            };
            for service in project.services.iter().filter(|service| is_given(service)) {
                let origin =
                    if service.step == PortStep::Adopt { PortOrigin::Adopted } else { PortOrigin::Import };
                if !project.generated {
                    let is_its = |(folder, known): &&(PathBuf, DraftService)| {
                        *folder == project.folder && known.name == service.name
                    };
                    self.known.given.push(GivenPort {
                        port: service.port.unwrap(),
                        project: slug.clone(),
                        service: service.name.clone(),
                        certainty: certainties.iter().find(is_its).map(|(_, known)| known.certainty),
                    });
                }
                let claims = &mut self.known.claims;
                claims.retain(|claim| claim.key.instance != slug || claim.key.node != service.name);
                let tunnel = service.tunnel.clone();
                claims.push(claim(&slug, &service.name, service.port.unwrap(), origin, tunnel));
            }
        }
        let drafts = drafts(&self.gathered, &|_| None);
        self.known.connectors.extend(to_know(&drafts, &self.known, &self.running, "this boot"));
        self
    }
}

fn is_given(service: &MigratedService) -> bool {
    matches!(service.step, PortStep::Keep | PortStep::Adopt)
}

fn claim(instance: &str, node: &str, port: u16, origin: PortOrigin, tunnel: Option<String>) -> Claim {
    let (instance, node, name) = (instance.to_owned(), node.to_owned(), "http".to_owned());
    let key = ClaimKey { instance, node, replica: 0, name, protocol: Protocol::Tcp };
    Claim { key, port, origin, asked: None, former_tunnel: tunnel, former_hostname: None }
}

fn configuration(folder: &Path, text: &str) -> Configuration {
    let fixed = |service: &ServiceSpec| match service.ports.first().map(|port| &port.choice) {
        Some(PortChoice::Fixed(port)) => Some(*port),
        _ => None,
    };
    let parsed = parse(&folder.join("kinfra.yaml"), text, Format::Yaml);
    let content = parsed.map(|spec| Content {
        services: spec.services.iter().map(|service| (service.name.clone(), fixed(service))).collect(),
    });
    let content = content.map_err(|problems| problems.first().unwrap().message.clone());
    Configuration { text: text.to_owned(), content }
}

fn one(script: &'static str, aliases: &'static [&'static str], port: u16) -> Launcher {
    let run = Some(format!("python3 {script} --port $PORT"));
    let health = Some("/health");
    let server = Launched { name: "server", run, dir: None, port, health, route: None };
    Launcher { script, aliases, services: vec![server] }
}

fn byteport() -> Launcher {
    let launched = |name, run: &str, dir: &str, port, route| Launched {
        name,
        run: Some(run.to_owned()),
        dir: Some(dir.to_owned()),
        port,
        health: None,
        route: Some(route),
    };
    let services = vec![
        launched("api", "go run .", "backend", 8_000, "/api"),
        launched("frontend", "npm run dev", "frontend", 8_001, "/"),
    ];
    Launcher { script: "byteport.py", aliases: &["byteport", "byte"], services }
}

/// Who is on a port: the process, then those that started it.
fn occupant(line: &[(u32, f64)], command: &str, folder: &str) -> Occupant {
    Occupant {
        line: line.iter().map(|(pid, at)| Started { pid: *pid, at: *at }).collect(),
        command: command.to_owned(),
        program: command.split(' ').next().unwrap().to_owned(),
        folder: Some(PathBuf::from(folder)),
    }
}

/// A cloudflared that runs, and those that started it.
fn cloudflared(line: &[(u32, f64)], command: &str) -> Connector {
    Connector {
        identity: Identity { pid: line[0].0, start_time: u64::from(line[0].0) },
        program: "cloudflared".to_owned(),
        line: line.iter().map(|(pid, at)| Started { pid: *pid, at: *at }).collect(),
        starter: None,
        command: command.to_owned(),
    }
}

/// A plan in lines, each text that would be written in full.
fn shown(plan: &MigrationPlan) -> String {
    let mut out = format!("pending: {}\n", plan.pending);
    for project in &plan.projects {
        let range = project.range.map(|range| format!(" range {range}")).unwrap_or_default();
        let _ = writeln!(out, "{} in {}{range}", project.name, project.folder.display());
        let obstacle = project.obstacle.iter().map(|why| format!("  obstacle: {why}\n"));
        out.extend(obstacle);
        for service in &project.services {
            let MigratedService { name, port, step, detail, public, tunnel, to_fill_in, pid } = service;
            let _ = write!(out, "  {name} {port:?} {step:?}");
            out.extend(detail.iter().map(|detail| format!(" ({detail})")));
            out.extend(pid.iter().map(|pid| format!(" pid {pid}")));
            out.extend(public.iter().map(|place| format!(" https://{place}")));
            out.extend(tunnel.iter().map(|tunnel| format!(" tunnel {tunnel}")));
            out.push_str(if *to_fill_in { " to fill in\n" } else { "\n" });
        }
        for (what, text) in [("writes", &project.text), ("lacks", &project.lacks)] {
            let Some(text) = text.as_ref().filter(|_| !project.generated) else { continue };
            let _ = writeln!(out, "  {what}:");
            out.extend(text.lines().map(|line| format!("    | {line}\n")));
        }
    }
    for tunnel in &plan.tunnels {
        let FormerTunnel { pid, other_pids, connector, command, .. } = tunnel;
        let _ = write!(out, "tunnel pid {pid:?}");
        out.extend(connector.iter().map(|step| format!(" {step:?}")));
        out.extend(other_pids.iter().map(|pid| format!(" beside pid {pid}")));
        let _ = writeln!(out, ": {command}");
    }
    for FormerQuickTunnel { host, project, service, port, pid, connector } in &plan.quick_tunnels {
        let _ = writeln!(out, "quick {host} to {project}/{service} {port} pid {pid} {connector:?}");
    }
    out.extend(plan.set_aside.iter().map(|aside| format!("aside {}: {}\n", aside.file.display(), aside.why)));
    out.extend(plan.notes.iter().map(|note| format!("note {note}\n")));
    out
}
