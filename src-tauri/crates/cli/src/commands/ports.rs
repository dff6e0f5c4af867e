use kinfra_engine::control::Client;
use kinfra_rpc::{AdoptPort, AskPort, ErrorCode, Failure, ListPorts, MovePort, Problem, TakeSnapshot};

use super::known::make_known;
use super::port_changes::{adopt, free, move_port, release, reserve};
use crate::arguments::Ports;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{self, project_folder, select};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// `kinfra ports` and what stands under it. All of it works without an engine.
pub async fn ports(surroundings: &Surroundings, command: Option<Ports>) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect_or_open().await?;
    match command {
        None => list(surroundings, &client).await,
        Some(Ports::Who { port }) => {
            let report = client.call(AskPort { port }).await?;
            surroundings.output.result(&report, |palette| render::port(&report, now(), *palette))?;
            Ok(ExitCode::Done)
        }
        Some(Ports::Move { service, name, to, once }) => {
            let (project, _) = project_of(surroundings, &client, &service).await?;
            move_port(surroundings, &client, MovePort { project, service, name, to, this_time: once }).await
        }
        Some(Ports::Adopt { service, name, port }) => {
            let (project, _) = project_of(surroundings, &client, &service).await?;
            adopt(surroundings, &client, AdoptPort { project, service, name, port }).await
        }
        Some(Ports::Free { port, udp, yes }) => free(surroundings, &client, port, udp, yes).await,
        Some(Ports::Reserve { ports, reason }) => reserve(surroundings, &client, ports, reason).await,
        Some(Ports::Release { ports }) => release(surroundings, &client, ports).await,
    }
}

async fn list(surroundings: &Surroundings, client: &Client) -> Result<ExitCode, Trouble> {
    let project = match &surroundings.project {
        Some(_) => {
            let snapshot = client.call(TakeSnapshot {}).await?;
            Some(select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?.slug.clone())
        }
        None => None,
    };
    let list = client.call(ListPorts { project }).await?;
    surroundings.output.result(&list, |palette| render::ports(&list, *palette))?;
    Ok(ExitCode::Done)
}

/// `kinfra port`: prints the number and nothing else. A project that nobody has named before is made known: its ports
/// are chosen now, and stay.
pub async fn port(
    surroundings: &Surroundings,
    service: &str,
    name: Option<&str>,
) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect_or_open().await?;
    let (project, node) = match project_of(surroundings, &client, service).await {
        Err(failure) if failure.code() == ErrorCode::UnknownProject && surroundings.project.is_none() => {
            let folder = project_folder(&surroundings.folder)?;
            make_known(surroundings, &client, folder).await?;
            project_of(surroundings, &client, service).await?
        }
        other => other?,
    };
    let list = client.call(ListPorts { project: Some(project) }).await?;
    let mut its = list.claims.iter().filter(|claim| claim.node == node);
    let claim = its.find(|claim| name.map_or(claim.main, |name| claim.name == name));
    let port = claim.map(|claim| claim.this_time.unwrap_or(claim.port)).ok_or_else(|| {
        let named = name.map_or_else(String::new, |name| format!(" named {name}"));
        Problem::new(ErrorCode::InvalidRequest, format!("{service} has no port{named}"))
            .hint("`kinfra ports` lists all of them")
    })?;
    surroundings.output.result(&serde_json::json!({ "port": port }), |_| format!("{port}\n"))?;
    Ok(ExitCode::Done)
}

/// The slug of the project that is meant, and the node of it that the name means.
async fn project_of(
    surroundings: &Surroundings,
    client: &Client,
    service: &str,
) -> Result<(String, String), Failure> {
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let node = selection::service(project, service)?;
    Ok((project.slug.clone(), node.name.clone()))
}
