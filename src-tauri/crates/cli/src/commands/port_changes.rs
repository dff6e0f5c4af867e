use std::io::{BufRead, IsTerminal};

use kinfra_engine::control::Client;
use kinfra_rpc::{
    AdoptPort, AskPort, ErrorCode, FreePort, HeldPort, MovePort, PortRange, Problem, Protocol, ReleasePorts,
    ReservePorts, UseProxyPort,
};

use crate::exit_code::ExitCode;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

pub async fn move_port(
    surroundings: &Surroundings,
    client: &Client,
    request: MovePort,
) -> Result<ExitCode, Trouble> {
    let moved = client.call(request.clone()).await?;
    let MovePort { project, service, this_time, .. } = request;
    let report = serde_json::json!({ "project": project, "service": service, "port": moved.port });
    surroundings.output.result(&report, |_| {
        let kept = if this_time { ", until it is stopped" } else { "" };
        format!("{service} has port {} from its next start on{kept}.\n", moved.port)
    })?;
    Ok(ExitCode::Done)
}

pub async fn adopt(
    surroundings: &Surroundings,
    client: &Client,
    request: AdoptPort,
) -> Result<ExitCode, Trouble> {
    let moved = client.call(request.clone()).await?;
    let AdoptPort { project, service, .. } = request;
    let report = serde_json::json!({ "project": project, "service": service, "port": moved.port });
    surroundings.output.result(&report, |_| {
        format!("When {service} is started, what runs on port {} is left alone and routed to.\n", moved.port)
    })?;
    Ok(ExitCode::Done)
}

/// Shows who holds the port, and ends just that process once a person has agreed.
pub async fn free(
    surroundings: &Surroundings,
    client: &Client,
    port: u16,
    udp: bool,
    yes: bool,
) -> Result<ExitCode, Trouble> {
    let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
    let report = client.call(AskPort { port }).await?;
    let held = report.holders.into_iter().find(|held| held.protocol == protocol);
    let Some(HeldPort { holder, .. }) = held else {
        let report = serde_json::json!({ "port": port, "ended": null });
        surroundings.output.result(&report, |_| format!("Nobody holds port {port}.\n"))?;
        return Ok(ExitCode::Done);
    };
    let (Some(pid), Some(start_time)) = (holder.pid, holder.start_time.clone()) else {
        let problem = Problem::new(ErrorCode::InvalidRequest, format!("port {port} is held by {holder}"));
        return Err(problem.hint("KInfra can end nothing of another user").into());
    };
    if !yes && !agreed(surroundings, &format!("End {holder}, which holds port {port}?"))? {
        return Ok(ExitCode::Failed);
    }
    client.call(FreePort { port, protocol, pid, start_time }).await?;
    let report = serde_json::json!({ "port": port, "ended": pid });
    surroundings.output.result(&report, |_| format!("{holder} has ended; port {port} is free.\n"))?;
    Ok(ExitCode::Done)
}

/// Asks a person.
///
/// # Errors
/// When there is nobody to ask.
pub fn agreed(surroundings: &Surroundings, question: &str) -> Result<bool, Problem> {
    let stdin = std::io::stdin();
    if surroundings.output.json || !stdin.is_terminal() {
        let problem = Problem::new(ErrorCode::InvalidRequest, format!("not done without a word: {question}"));
        return Err(problem.hint("--yes says it"));
    }
    surroundings.output.note_raw(&format!("{question} [y/N] "));
    let mut answer = String::new();
    // An answer that can't be read is none.
    let _ = stdin.lock().read_line(&mut answer);
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

pub async fn reserve(
    surroundings: &Surroundings,
    client: &Client,
    range: PortRange,
    reason: String,
) -> Result<ExitCode, Trouble> {
    client.call(ReservePorts { range, reason }).await?;
    let report = serde_json::json!({ "reserved": range });
    surroundings.output.result(&report, |_| format!("{range} is never chosen from now on.\n"))?;
    Ok(ExitCode::Done)
}

pub async fn release(
    surroundings: &Surroundings,
    client: &Client,
    range: PortRange,
) -> Result<ExitCode, Trouble> {
    client.call(ReleasePorts { range }).await?;
    let report = serde_json::json!({ "released": range });
    surroundings.output.result(&report, |_| format!("{range} may be chosen again.\n"))?;
    Ok(ExitCode::Done)
}

/// `kinfra proxy-port`.
pub async fn proxy_port(surroundings: &Surroundings, port: u16) -> Result<ExitCode, Trouble> {
    let moved = surroundings.connect().await?.call(UseProxyPort { port }).await?;
    surroundings.output.result(&moved, |_| format!("The proxy listens on port {}.\n", moved.port))?;
    Ok(ExitCode::Done)
}
