use std::collections::BTreeSet;
use std::time::Duration;

use kinfra_rpc::{
    ErrorCode, Exposure, NodeState, Problem, ProjectState, Share as ShareCommand, TunnelStatus,
};
use kinfra_rpc::{TakeSnapshot, Unshare as UnshareCommand};
use tokio::time::{Instant, timeout_at};

use crate::arguments::{Share, Unshare};
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;
use crate::watching::Follow;

/// `kinfra share`: opens services to whoever knows their link, and prints it once it works.
pub async fn share(surroundings: &Surroundings, arguments: &Share) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let mut follow = Follow::begin(&client).await?;
    let project = select(follow.snapshot(), surroundings.project.as_deref(), &surroundings.folder)?;
    let names = services(project, &arguments.services)?;
    let slug = project.slug.clone();
    let seconds = arguments.lasting.map(|milliseconds| milliseconds.div_ceil(1_000).max(1));
    client
        .call(ShareCommand { project: slug.clone(), services: arguments.services.clone(), seconds })
        .await?;
    // What came before the answer is of before it.
    follow = Follow::begin(&client).await?;
    let deadline = Instant::now() + Duration::from_secs(arguments.timeout);
    let mut told = String::new();
    loop {
        let project = follow.project(&slug)?;
        let shared = shared(project, &names);
        if let Some(ended) = ended(project, &shared, &names) {
            return Err(ended.into());
        }
        let pending = shared.iter().find(|(_, exposure)| !exposure.status.is_up());
        let Some((node, exposure)) = pending else {
            let report: Vec<_> = shared.iter().map(|(node, exposure)| report(node, exposure)).collect();
            surroundings.output.result(&report, |palette| render::shared(&shared, now(), *palette))?;
            return Ok(ExitCode::Done);
        };
        if exposure.status == TunnelStatus::Off || exposure.status.is_broken() {
            return Err(not_shared(node, exposure).into());
        }
        let text = format!("{}: {}", node.name, exposure.reason);
        if text != told {
            surroundings.output.note(&text);
            told = text;
        }
        match timeout_at(deadline, follow.changed()).await {
            Ok(changed) => changed?,
            Err(_) => {
                let project = follow.project(&slug)?;
                let pending = self::shared(project, &names).into_iter().find(|(_, it)| !it.status.is_up());
                return match pending {
                    Some((node, exposure)) => Err(not_shared(node, exposure).into()),
                    None => Ok(ExitCode::Done),
                };
            }
        }
    }
}

/// `kinfra unshare`.
pub async fn unshare(surroundings: &Surroundings, arguments: &Unshare) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    if arguments.all {
        client.call(UnshareCommand::default()).await?;
    } else {
        let snapshot = client.call(TakeSnapshot {}).await?;
        let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
        services(project, &arguments.services)?;
        let services = arguments.services.clone();
        client.call(UnshareCommand { project: Some(project.slug.clone()), services }).await?;
    }
    surroundings.output.result(&serde_json::json!({ "done": true }), |_| String::new())?;
    Ok(ExitCode::Done)
}

/// All that is shared of these services, or of all.
fn shared<'p>(project: &'p ProjectState, names: &[String]) -> Vec<(&'p NodeState, &'p Exposure)> {
    let nodes = || project.nodes.iter();
    let is_named = |node: &&NodeState| names.is_empty() || names.contains(&node.name);
    // It is of a service, however many run it.
    let services: BTreeSet<&str> = nodes().filter(is_named).map(NodeState::service).collect();
    let named = nodes().filter(|node| services.contains(node.service()));
    named.flat_map(|node| node.exposures.iter().map(move |exposure| (node, exposure))).collect()
}

/// What is shared for the moment is shown no longer when that has ended.
fn ended(project: &ProjectState, shared: &[(&NodeState, &Exposure)], names: &[String]) -> Option<Problem> {
    let is_shared = |node: &NodeState| shared.iter().any(|(it, _)| it.service() == node.service());
    let mut named = project.nodes.iter().filter(|node| names.contains(&node.name));
    let ended = match named.find(|node| !is_shared(node)).map(NodeState::service) {
        Some(service) => service,
        None if shared.is_empty() => "all",
        None => return None,
    };
    let message = format!("sharing {ended} was ended before a link was there");
    Some(Problem::new(ErrorCode::TunnelFailed, message).hint("by kinfra unshare, or with the service itself"))
}

fn report(node: &NodeState, exposure: &Exposure) -> serde_json::Value {
    serde_json::json!({ "service": node.name, "exposure": exposure })
}

fn not_shared(node: &NodeState, exposure: &Exposure) -> Problem {
    let name = exposure.url.as_deref().unwrap_or("its public URL");
    let message = format!("{} is not reached by {name} yet: {}", node.name, exposure.reason);
    Problem::new(ErrorCode::TunnelFailed, message)
        .hint("it goes on trying; kinfra tunnels shows how it fares, and kinfra unshare ends it")
}
