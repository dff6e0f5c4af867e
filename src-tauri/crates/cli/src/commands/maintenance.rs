use kinfra_rpc::{Maintain, NodeState, ProjectState, TakeSnapshot};

use crate::arguments::Maintenance;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// `kinfra maintenance`: shows what is being worked on, after the change if one is asked for.
pub async fn maintenance(
    surroundings: &Surroundings,
    command: Option<Maintenance>,
) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let slug = project.slug.clone();
    if let Some(command) = command {
        client.call(change(project, command)?).await?;
    }
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, Some(&slug), &surroundings.folder)?;
    // It is of a service, however many run it.
    let is_first = |node: &&NodeState| node.service() == node.name;
    let nodes = project.nodes.iter().filter(is_first);
    let worked_on: Vec<&NodeState> = nodes.filter(|node| node.maintenance.is_some()).collect();
    let shown: Vec<_> = worked_on
        .iter()
        .map(|node| serde_json::json!({ "service": node.name, "maintenance": node.maintenance }))
        .collect();
    surroundings.output.result(&shown, |_| render::maintenance(&worked_on, now()))?;
    Ok(ExitCode::Done)
}

fn change(project: &ProjectState, command: Maintenance) -> Result<Maintain, Trouble> {
    let named = |service: Option<String>| {
        let names: Vec<String> = service.into_iter().collect();
        services(project, &names).map(|_| names)
    };
    let slug = project.slug.clone();
    Ok(match command {
        Maintenance::On { service, note, lasting } => Maintain {
            project: slug,
            services: named(service)?,
            on: true,
            note,
            until: lasting.map(|milliseconds| now().saturating_add(milliseconds)),
        },
        Maintenance::Off { service } => {
            Maintain { project: slug, services: named(service)?, on: false, note: None, until: None }
        }
    })
}
