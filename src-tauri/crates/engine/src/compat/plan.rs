//! What is known × what KInfra has already → what would be done. Pure.

use std::path::Path;

use kinfra_rpc::{ConnectorStep, MigratedProject, MigratedService, MigrationPlan, PortStep};

use super::deciding::{Decision, Handed, decide};
use super::draft::{Draft, DraftService};
use super::drafts::Drafts;
use super::known::{Configuration, Known};
use super::running::Running;
use super::{connectors, python, text};
use crate::config::{Format, parse};

/// Where things are.
#[derive(Debug, Clone, Copy)]
pub struct Places<'p> {
    /// The user's own folder.
    pub home: &'p Path,
    /// Below it are the projects of Python's.
    pub generated: &'p Path,
}

/// A plan, and what it takes from projects that KInfra knows already.
#[derive(Debug, Clone, Default)]
pub struct Planning {
    pub plan: MigrationPlan,
    pub handed: Vec<Handed>,
}

#[must_use]
pub fn plan(drafts: &Drafts, known: &Known, running: &Running, places: Places<'_>) -> Planning {
    let mut plan = MigrationPlan {
        set_aside: drafts.set_aside.clone(),
        notes: drafts.notes.clone(),
        ..MigrationPlan::default()
    };
    let mut projects: Vec<&Draft> =
        drafts.projects.iter().filter(|draft| !draft.services.is_empty()).collect();
    // What those give up that KInfra knows can be had by the others.
    projects.sort_by_key(|draft| known.project(&draft.place(places.generated)).is_none());
    // Ports first: what is another's can't be asked for.
    let (decisions, mut handed) = decide(&projects, drafts, known, running, places.generated);
    let decided = projects.into_iter().zip(decisions);
    plan.projects = decided.map(|(draft, decision)| project(draft, decision, known, places)).collect();
    // Nothing is taken for one of which nothing comes.
    let is_done = |folder: &Path| {
        plan.projects.iter().any(|project| project.folder == folder && project.obstacle.is_none())
    };
    handed.retain(|handed| is_done(&handed.taker));
    plan.tunnels = drafts.tunnels.iter().map(|tunnel| connectors::planned(tunnel, known, running)).collect();
    let quick = drafts.projects.iter().flat_map(|draft| connectors::planned_quick(draft, known, running));
    plan.quick_tunnels = quick.collect();
    let steps = plan.tunnels.iter().filter_map(|tunnel| tunnel.connector);
    let mut steps = steps.chain(plan.quick_tunnels.iter().map(|tunnel| tunnel.connector));
    let knows = steps.any(|step| step == ConnectorStep::Know);
    plan.pending = knows || plan.projects.iter().any(is_pending);
    Planning { plan, handed }
}

/// Whether there is anything to do for it.
#[must_use]
pub fn is_pending(project: &MigratedProject) -> bool {
    let is_step = |service: &MigratedService| matches!(service.step, PortStep::Keep | PortStep::Adopt);
    project.obstacle.is_none() && (project.text.is_some() || project.services.iter().any(is_step))
}

fn project(draft: &Draft, decision: Decision, known: &Known, places: Places<'_>) -> MigratedProject {
    let generated = draft.folder.is_none();
    let folder = draft.place(places.generated);
    let present = known.configurations.get(&folder);
    let Decision { services, elsewhere, obstacle } = decision;
    let mut project = MigratedProject {
        name: draft.name.clone(),
        generated,
        sources: draft.sources.iter().cloned().collect(),
        services,
        ..MigratedProject::default()
    };
    let mut own = draft.clone();
    for (service, decided) in own.services.iter_mut().zip(&project.services) {
        if decided.step == PortStep::Conflict {
            service.port = None;
        }
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
    project.obstacle = project.obstacle.or(obstacle);
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
