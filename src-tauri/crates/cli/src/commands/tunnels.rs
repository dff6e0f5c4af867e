use std::pin::pin;

use kinfra_engine::control::Client;
use kinfra_rpc::{
    AdoptTunnel, ConnectorInstalled, Download, InstallConnector, PlanTunnels, RestartTunnel, RetireConnector,
    Snapshot, SweepTunnels, TakeOverRecord, TakeSnapshot,
};

use super::port_changes::agreed;
use crate::arguments::Tunnels;
use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;
use crate::watching::Follow;

/// `kinfra tunnels`: what is public, and through which tunnels; and what stands under it.
pub async fn tunnels(surroundings: &Surroundings, command: Option<Tunnels>) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let output = &surroundings.output;
    let done = serde_json::json!({ "done": true });
    match command {
        None => return list(surroundings, &client).await,
        Some(Tunnels::Restart { tunnel }) => {
            client.call(RestartTunnel { tunnel }).await?;
            output.result(&done, |_| String::new())?;
        }
        Some(Tunnels::Install) => {
            let installed = install(surroundings, &client).await?;
            output.result(&installed, |_| {
                format!("cloudflared {} is at {}\n", installed.version, installed.program.display())
            })?;
        }
        Some(Tunnels::Plan) => {
            let plans = client.call(PlanTunnels { everything: false }).await?;
            output.result(&plans, |palette| render::plans(&plans, *palette))?;
        }
        Some(Tunnels::Doctor { sweep: false, .. }) => {
            let plans = client.call(PlanTunnels { everything: true }).await?;
            output.result(&plans, |palette| render::plans(&plans, *palette))?;
            let is_clean = plans.homeless.is_empty() && plans.accounts.iter().all(render::is_clean);
            return Ok(if is_clean { ExitCode::Done } else { ExitCode::Failed });
        }
        Some(Tunnels::Doctor { sweep: true, also }) => {
            let swept = client.call(SweepTunnels { also }).await?;
            output.result(&swept, |palette| render::swept(&swept, *palette))?;
            return Ok(if swept.refused.is_empty() { ExitCode::Done } else { ExitCode::Failed });
        }
        Some(Tunnels::TakeOver { host, seal }) => {
            client.call(TakeOverRecord { host, seal }).await?;
            output.result(&done, |_| String::new())?;
        }
        Some(Tunnels::Adopt { tunnel, hosts, migrate, config }) => {
            let config = config.map(|config| surroundings.resolve(&config)).transpose()?;
            let adopted = client.call(AdoptTunnel { tunnel, hosts, migrate, config }).await?;
            output.result(&adopted, |_| {
                let records = match adopted.records.as_slice() {
                    [] => String::new(),
                    records => format!(", with the DNS records of {}", records.join(", ")),
                };
                let warnings = adopted.warnings.iter().map(|warning| format!("{warning}\n"));
                let warnings: String = warnings.collect();
                format!("{} is the tunnel of this machine now{records}.\n{warnings}", adopted.name)
            })?;
        }
        Some(Tunnels::Retire { tunnel, yes }) => return retire(surroundings, &client, tunnel, yes).await,
    }
    Ok(ExitCode::Done)
}

/// Ends what KInfra 1.0 left running of a tunnel, once a person has agreed.
async fn retire(
    surroundings: &Surroundings,
    client: &Client,
    tunnel: String,
    yes: bool,
) -> Result<ExitCode, Trouble> {
    let known = client.call(TakeSnapshot {}).await?.engine.former_connectors;
    let pids = known.iter().filter(|one| one.tunnel.as_ref() == Some(&tunnel)).map(|one| one.pid.to_string());
    let pids = pids.collect::<Vec<_>>().join(", ");
    // Where there is none to be ended, the engine says what there is.
    let question = format!("End cloudflared (pid {pids}), which KInfra 1.0 had started for {tunnel}?");
    if !yes && !pids.is_empty() && !agreed(surroundings, &question)? {
        return Ok(ExitCode::Failed);
    }
    let retired = client.call(RetireConnector { tunnel }).await?;
    surroundings.output.result(&retired, |_| {
        let pids: Vec<String> = retired.pids.iter().map(u32::to_string).collect();
        let hosts = retired.hosts.join(", ");
        format!("cloudflared (pid {}) has ended; KInfra's own serves {hosts}.\n", pids.join(", "))
    })?;
    Ok(ExitCode::Done)
}

/// Says how far it is, each tenth.
async fn install(surroundings: &Surroundings, client: &Client) -> Result<ConnectorInstalled, Trouble> {
    let mut follow = Follow::begin(client).await?;
    let mut told = 0;
    let mut installing = pin!(client.call(InstallConnector {}));
    loop {
        tokio::select! {
            installed = &mut installing => return Ok(installed?),
            changed = follow.changed() => changed?,
        }
        let Some(Download { done, whole: Some(whole) }) = follow.snapshot().engine.download else { continue };
        let tenths = done * 10 / whole.max(1);
        if tenths > told {
            told = tenths;
            surroundings.output.note(&format!("{} % of {} MB", tenths * 10, whole / 1_000_000));
        }
    }
}

async fn list(surroundings: &Surroundings, client: &Client) -> Result<ExitCode, Trouble> {
    let snapshot = client.call(TakeSnapshot {}).await?;
    surroundings.output.result(&report(&snapshot), |palette| render::tunnels(&snapshot, now(), *palette))?;
    let is_broken = snapshot.engine.tunnels.iter().any(|tunnel| tunnel.status.is_broken());
    Ok(if is_broken { ExitCode::Failed } else { ExitCode::Done })
}

fn report(snapshot: &Snapshot) -> serde_json::Value {
    let nodes =
        snapshot.projects.iter().flat_map(|project| project.nodes.iter().map(move |node| (project, node)));
    let exposures: Vec<_> = nodes
        .flat_map(|(project, node)| node.exposures.iter().map(move |exposure| (project, node, exposure)))
        .map(|(project, node, exposure)| {
            serde_json::json!({ "project": project.slug, "service": node.name, "exposure": exposure })
        })
        .collect();
    let (tunnels, former) = (&snapshot.engine.tunnels, &snapshot.engine.former_connectors);
    serde_json::json!({ "exposures": exposures, "tunnels": tunnels, "former_connectors": former })
}
