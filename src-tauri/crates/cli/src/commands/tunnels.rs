use kinfra_rpc::{RestartTunnel, Snapshot, TakeSnapshot};

use crate::arguments::Tunnels;
use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// `kinfra tunnels`: what is public, and through which tunnels.
pub async fn tunnels(surroundings: &Surroundings, command: Option<Tunnels>) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    if let Some(Tunnels::Restart { tunnel }) = command {
        client.call(RestartTunnel { tunnel }).await?;
        surroundings.output.result(&serde_json::json!({ "done": true }), |_| String::new())?;
        return Ok(ExitCode::Done);
    }
    let snapshot = client.call(TakeSnapshot {}).await?;
    surroundings.output.result(&report(&snapshot), |palette| render::tunnels(&snapshot, now(), *palette))?;
    let is_broken = snapshot.engine.tunnels.iter().any(|tunnel| tunnel.status.is_broken());
    Ok(if is_broken { ExitCode::Failed } else { ExitCode::Done })
}

fn report(snapshot: &Snapshot) -> serde_json::Value {
    let exposures: Vec<_> = snapshot
        .projects
        .iter()
        .flat_map(|project| project.nodes.iter().map(move |node| (project, node)))
        .flat_map(|(project, node)| node.exposures.iter().map(move |exposure| (project, node, exposure)))
        .map(|(project, node, exposure)| {
            serde_json::json!({ "project": project.slug, "service": node.name, "exposure": exposure })
        })
        .collect();
    serde_json::json!({ "exposures": exposures, "tunnels": snapshot.engine.tunnels })
}
