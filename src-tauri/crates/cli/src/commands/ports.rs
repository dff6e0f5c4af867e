use kinfra_rpc::{MovePort, TakeSnapshot, UseProxyPort};

use crate::exit_code::ExitCode;
use crate::selection::{check_services, select};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra move-port`.
pub async fn move_port(surroundings: &Surroundings, service: String) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    check_services(project, std::slice::from_ref(&service))?;
    let slug = project.slug.clone();
    client.call(MovePort { project: slug.clone(), service: service.clone() }).await?;

    let snapshot = client.call(TakeSnapshot {}).await?;
    let nodes = &select(&snapshot, Some(&slug), &surroundings.folder)?.nodes;
    let port = nodes.iter().find(|node| node.name == service).and_then(|node| node.port);
    let report = serde_json::json!({ "project": slug, "service": service, "port": port });
    surroundings.output.result(&report, |_| match port {
        Some(port) => format!("{service} has port {port} from its next start on.\n"),
        None => format!("{service} gets another port at its next start.\n"),
    })?;
    Ok(ExitCode::Done)
}

/// `kinfra proxy-port`.
pub async fn proxy_port(surroundings: &Surroundings, port: u16) -> Result<ExitCode, Trouble> {
    let moved = surroundings.connect().await?.call(UseProxyPort { port }).await?;
    surroundings.output.result(&moved, |_| format!("The proxy listens on port {}.\n", moved.port))?;
    Ok(ExitCode::Done)
}
