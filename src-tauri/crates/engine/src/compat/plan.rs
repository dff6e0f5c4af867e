//! What is known × what KInfra has already → what would be done. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kinfra_rpc::{ConnectorStep, MigratedProject, MigratedService, MigrationPlan, PortOrigin, PortStep};

use super::draft::{Certainty, Draft, DraftService, Place};
use super::drafts::Drafts;
use super::found::FoundServer;
use super::known::{Configuration, Known, is_of_nobodys_choice};
use super::running::{BEFORE, Occupant, Running, Started};
use super::{connectors, python, text};
use crate::config::{Format, parse};

/// The library wrote a server's start down when it answered, up to half a minute after it began.
const AFTER: f64 = 35.0;

/// Where things are.
#[derive(Debug, Clone, Copy)]
pub struct Places<'p> {
    /// The user's own folder.
    pub home: &'p Path,
    /// Below it are the projects of Python's.
    pub generated: &'p Path,
}

/// What was decided of ports so far.
#[derive(Default)]
struct Planned {
    /// For whom.
    kept: BTreeMap<u16, String>,
    /// Those that their owners give up for their old ones.
    given_up: BTreeSet<u16>,
}

#[must_use]
pub fn plan(drafts: &Drafts, known: &Known, running: &Running, places: Places<'_>) -> MigrationPlan {
    let mut plan = MigrationPlan {
        set_aside: drafts.set_aside.clone(),
        notes: drafts.notes.clone(),
        ..MigrationPlan::default()
    };
    let mut planned = Planned::default();
    let mut projects: Vec<&Draft> =
        drafts.projects.iter().filter(|draft| !draft.services.is_empty()).collect();
    // What those give up that KInfra knows can be had by the others.
    projects.sort_by_key(|draft| known.project(&draft.place(places.generated)).is_none());
    for draft in projects {
        let project = project(draft, known, running, places, &mut planned);
        plan.projects.push(project);
    }
    plan.tunnels = drafts.tunnels.iter().map(|tunnel| connectors::planned(tunnel, known, running)).collect();
    let quick = drafts.projects.iter().flat_map(|draft| connectors::planned_quick(draft, known, running));
    plan.quick_tunnels = quick.collect();
    let steps = plan.tunnels.iter().filter_map(|tunnel| tunnel.connector);
    let mut steps = steps.chain(plan.quick_tunnels.iter().map(|tunnel| tunnel.connector));
    let knows = steps.any(|step| step == ConnectorStep::Know);
    plan.pending = knows || plan.projects.iter().any(is_pending);
    plan
}

/// Whether there is anything to do for it.
#[must_use]
pub fn is_pending(project: &MigratedProject) -> bool {
    let is_step = |service: &MigratedService| matches!(service.step, PortStep::Keep | PortStep::Adopt);
    project.obstacle.is_none() && (project.text.is_some() || project.services.iter().any(is_step))
}

fn project(
    draft: &Draft,
    known: &Known,
    running: &Running,
    places: Places<'_>,
    planned: &mut Planned,
) -> MigratedProject {
    let generated = draft.folder.is_none();
    let folder = draft.place(places.generated);
    let present = known.configurations.get(&folder);
    let mut project = MigratedProject {
        name: draft.name.clone(),
        generated,
        sources: draft.sources.iter().cloned().collect(),
        ..MigratedProject::default()
    };
    // Ports first: what is another's can't be asked for.
    let instance = known.project(&folder).map(|project| project.slug.as_str());
    let mut own = draft.clone();
    let mut elsewhere = vec![];
    for service in &mut own.services {
        let has = instance.is_some_and(|instance| known.claim(instance, &service.name).is_some());
        if generated
            && !has
            && let Some(place) = known.moved_to(service.port)
        {
            elsewhere.push(service.name.clone());
            let detail = Some(format!("it is {place}"));
            let public = vec![];
            project.services.push(MigratedService {
                step: PortStep::Settled,
                detail,
                public,
                ..begun(service)
            });
            continue;
        }
        let fixed =
            present.and_then(|present| *present.content.as_ref().ok()?.services.get(&service.name)?);
        let decided = match fixed.filter(|fixed| service.port.is_some_and(|port| port != *fixed)) {
            Some(fixed) => named(service, fixed),
            None => decide(service, instance, &own.name, known, running, planned),
        };
        if decided.step == PortStep::Conflict {
            service.port = None;
        }
        project.services.push(decided);
    }
    own.services.retain(|service| !elsewhere.contains(&service.name));
    // What is there says it itself.
    project.range = draft.range.filter(|_| present.is_none() && !own.services.is_empty());
    match write(&own, present, &folder, places) {
        Ok((text, lacks)) => {
            project.text = text;
            project.lacks = lacks;
        }
        Err(obstacle) => project.obstacle = Some(obstacle),
    }
    for (service, draft) in project.services.iter_mut().zip(&draft.services) {
        service.to_fill_in = draft.run.is_none() && !generated && project.text.is_some();
    }
    project.folder = folder;
    project
}

/// What is written, and what a file of the user's own lacks.
fn write(
    draft: &Draft,
    present: Option<&Configuration>,
    folder: &Path,
    places: Places<'_>,
) -> Result<(Option<String>, Option<String>), String> {
    let file = folder.join("kinfra.yaml");
    let text = if draft.folder.is_none() {
        python::text(draft, present.map(|present| &*present.text))?
    } else if let Some(present) = present {
        let content =
            present.content.as_ref().map_err(|why| format!("its configuration has a problem: {why}"))?;
        let lacks = |service: &&DraftService| !content.services.contains_key(&service.name);
        return Ok((None, text::services(draft, draft.services.iter().filter(lacks), places.home)));
    } else {
        Some(text::whole(draft, places.home))
    };
    if let Some(text) = &text {
        let checked = parse(&file, text, Format::Yaml);
        checked.map_err(|problems| {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            format!("what would be written is no configuration: {first}")
        })?;
    }
    Ok((text, None))
}

/// What is known of a service, whatever becomes of its port.
fn begun(service: &DraftService) -> MigratedService {
    MigratedService {
        name: service.name.clone(),
        port: service.port,
        public: service.places.iter().map(Place::shown).collect(),
        tunnel: service.tunnel.clone(),
        ..MigratedService::default()
    }
}

/// Its user's own file names another port.
fn named(service: &DraftService, fixed: u16) -> MigratedService {
    let detail = Some(format!("its kinfra.yaml names {fixed}"));
    MigratedService { step: PortStep::Other, detail, ..begun(service) }
}

fn decide(
    service: &DraftService,
    instance: Option<&str>,
    project: &str,
    known: &Known,
    running: &Running,
    planned: &mut Planned,
) -> MigratedService {
    let mut decided = begun(service);
    let Some(port) = service.port else {
        decided.step = PortStep::Choose;
        return decided;
    };
    let has = instance.and_then(|instance| known.claim(instance, &service.name));
    let owner = known
        .owner(port)
        .filter(|_| !planned.given_up.contains(&port))
        .map(|claim| (&*claim.key.instance, &*claim.key.node));
    let occupant = running.occupants.get(&port);
    let former = occupant.filter(|occupant| is_former(service, occupant));
    match (owner, has, planned.kept.get(&port)) {
        (Some(_), Some(claim), _) if claim.port == port => {
            let may_be_adopted = former.is_some() && claim.origin == PortOrigin::Import;
            // What a person chose is more than what is noted with it.
            let is_chosen = matches!(claim.origin, PortOrigin::User | PortOrigin::Adopted);
            let is_noted = is_chosen || service.tunnel.is_none() || claim.former_tunnel == service.tunnel;
            decided.step = match (may_be_adopted, is_noted) {
                (true, _) => PortStep::Adopt,
                (false, true) => PortStep::Settled,
                (false, false) => PortStep::Keep,
            };
        }
        (Some((of, node)), ..) => {
            decided.step = PortStep::Conflict;
            decided.detail = Some(format!("it is {node}'s of {of}"));
        }
        (None, _, Some(other)) => {
            decided.step = PortStep::Conflict;
            decided.detail = Some(format!("it is kept for {other}"));
        }
        // Only wished, and the service has another one since.
        (None, Some(claim), None)
            if !is_of_nobodys_choice(claim.origin) || service.certainty < Certainty::Noted =>
        {
            decided.step = PortStep::Other;
            let slug = &claim.key.instance;
            decided.detail = Some(format!(
                "it has {}; kinfra ports move {} --to {port} --project {slug} gives it the old one",
                claim.port, service.name
            ));
        }
        (None, has, None) => {
            decided.step = if former.is_some() { PortStep::Adopt } else { PortStep::Keep };
            decided.detail = has.map(|claim| format!("in the place of {}", claim.port));
            planned.given_up.extend(has.map(|claim| claim.port));
        }
    }
    if matches!(decided.step, PortStep::Keep | PortStep::Adopt | PortStep::Settled) {
        planned.kept.insert(port, format!("{} of {project}", service.name));
    }
    match decided.step {
        PortStep::Adopt => decided.pid = former.and_then(|occupant| Some(occupant.line.first()?.pid)),
        PortStep::Keep => {
            if let Some(stranger) = occupant {
                let pid = stranger.line.first().map(|process| format!(" (pid {})", process.pid));
                let on = format!(
                    "{}{} is on it now, and is not known to be the old server: it is left alone",
                    stranger.program,
                    pid.unwrap_or_default()
                );
                let before = decided.detail.take();
                decided.detail = Some(before.map_or(on.clone(), |before| format!("{before}; {on}")));
            }
        }
        _ => {}
    }
    decided
}

/// Whether who is on the port is the very server that the library started: by pid and by when it was started. A pid alone
/// may be anybody's since.
fn is_former(service: &DraftService, occupant: &Occupant) -> bool {
    let by_manager = service.server.as_ref().is_some_and(|server| is_server(server, occupant));
    let by_registry = service.noted.is_some_and(|(pid, seen_at)| {
        named_in(occupant, pid).is_some_and(|process| process.at <= seen_at + BEFORE)
    });
    by_manager || by_registry
}

/// The same for what SmartInfraManager wrote down, which has the time of the start.
#[must_use]
pub fn is_server(FoundServer { pid, started_at }: &FoundServer, occupant: &Occupant) -> bool {
    let Some(holder) = occupant.line.first() else { return false };
    let is_in_time = (-BEFORE..=AFTER).contains(&(started_at - holder.at));
    named_in(occupant, *pid).is_some() && is_in_time && occupant.command.contains(".py")
}

/// The library noted the pid of a server, or of the program that had started it.
fn named_in(occupant: &Occupant, pid: u32) -> Option<&Started> {
    occupant.line.iter().find(|process| process.pid == pid)
}
